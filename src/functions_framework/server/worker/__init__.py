"""A serving process: what it loads and builds, and the orders it follows."""
