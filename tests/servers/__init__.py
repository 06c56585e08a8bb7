"""Real servers for tests, each started on the loopback and stopped with the process that started it."""
