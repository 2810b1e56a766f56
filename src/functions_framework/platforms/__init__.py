"""Where a function runs without a port of its own, and what such a platform says and asks for."""
