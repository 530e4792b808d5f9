"""The outside world on one machine: local cloud, local forge, and the stage that wires them."""
