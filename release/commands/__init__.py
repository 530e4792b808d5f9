"""One file or folder a command: its words, its course, its looks."""
