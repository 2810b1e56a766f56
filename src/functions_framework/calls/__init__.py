"""One request through a host without a server: what tests, commands and adapters drive."""
