"""inv verify."""
