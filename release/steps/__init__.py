"""The core steps, one file each. They know the domain and nothing of processes or sockets; no step imports another."""
