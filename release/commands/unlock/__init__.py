"""inv unlock."""
