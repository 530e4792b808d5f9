"""Every read of the outside world, into one frozen value."""
