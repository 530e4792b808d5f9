"""inv status."""
