"""The frozen intent, and what it will do."""
