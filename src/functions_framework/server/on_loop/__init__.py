"""Serving async functions: a task for each call."""
