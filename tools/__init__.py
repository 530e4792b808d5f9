"""The project's own gates, lanes and generators."""
