"""npm registries on loopback: Verdaccio for rehearsals, one in memory that speaks the same protocol for tests by the hundred."""
