"""Async functions: reading a scope, the host, the application, sync code beside it."""
