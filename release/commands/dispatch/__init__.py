"""inv dispatch."""
