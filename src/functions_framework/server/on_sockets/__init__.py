"""Serving WebSockets: a task for each, from its handshake to its end."""
