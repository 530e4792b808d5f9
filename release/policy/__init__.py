"""What a change demands of its version: schema, API, commits, and the verdict over them."""
