"""Sync functions that see Flask: the application, and the lean way through it."""
