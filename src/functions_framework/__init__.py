"""Serve plain Python functions over HTTP."""
