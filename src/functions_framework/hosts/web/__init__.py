"""Pages of the framework's own: one HTML text each, with its style and its script inside."""
