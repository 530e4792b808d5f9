"""inv doctor."""
