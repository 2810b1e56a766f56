"""The answers the server gives itself, when no function's response can be had."""

from __future__ import annotations

import os

from functions_framework.model.message import CLIENT_LEFT, CRASH, TEXT, Reply

NO_PATH = Reply(400, [TEXT], b"The request's target has no path.\n")
"""`CONNECT a:1` and `GET a`: nothing a function could be asked."""

CRASHED = Reply(500, [TEXT, CRASH], b"Internal Server Error")
"""A fault of the framework's own; a function's are the host's to answer."""

DRAINING = "The server is shutting down."
SATURATED = "All places are taken."

ENDED = Reply(503, [TEXT], DRAINING.encode())
"""The call was cancelled at the end of the grace period."""

LEFT = Reply(CLIENT_LEFT, [], b"")
"""The call was cancelled as its client had left: only the access log shows this."""

BUSY = Reply(503, [TEXT, ("retry-after", "1")], b"Too many requests are waiting.")
"""All places are taken, and the queue for them is full."""

PROCESS = "x-process"


def to_itself() -> Reply:
    """Say to this server, which may have several processes, which one answers."""
    return Reply(204, [(PROCESS, str(os.getpid()))], b"")
