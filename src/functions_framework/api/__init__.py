"""What a user's module says while it loads: decorators, hooks, middleware, resources."""
