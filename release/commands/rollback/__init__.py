"""inv rollback."""
