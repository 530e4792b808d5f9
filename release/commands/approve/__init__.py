"""inv approve."""
