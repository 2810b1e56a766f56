"""The server: binds the port, starts the workers, and serves functions over Granian's engine.

What a function is and how a request is decoded is not known here: the server calls a host, of which
`hosted` says what it must be able to do.
"""
