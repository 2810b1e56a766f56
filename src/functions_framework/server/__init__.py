"""The server: binds the port, starts the workers, and serves functions over Granian.

`supervisor` is the parent process, `worker` a serving one; `engine` is the only module that
touches Granian. What a function is and how a request is decoded is not known here: the server
calls a host (see `hosting`).
"""

from .start import serve

__all__ = ["serve"]
