"""inv plugins."""
