"""Migrations replayed and graded on a scratch SQLite."""
