"""The outside systems, a folder each: the only place with processes, sockets, environment and clock."""
