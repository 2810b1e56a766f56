"""Sync functions that need no Flask: reading an environ, and the host of events."""
