"""A plan carried out: lock, approval, steps, end."""
