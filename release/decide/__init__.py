"""What is to be done, as a pure function of the world."""
