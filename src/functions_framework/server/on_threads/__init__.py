"""Serving sync functions: a thread for each call."""
