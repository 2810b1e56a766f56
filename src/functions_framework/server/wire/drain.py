"""The moments before a worker stops accepting: clients are asked to close, none is cut off.

A client that keeps its connection may send its next request at the very moment the server closes
it. So for a short while responses say `Connection: close` and everything is still served; once no
request has come for a moment, only idle connections are left to close.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_framework.model.message import Headers, Reply

POLL_SECONDS = 0.005
_QUIET_SECONDS = 0.03
_LONGEST_SECONDS = 0.5


class Quiet:
    """Whether requests have ceased to come."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._until = self._since + _LONGEST_SECONDS

    def note(self) -> None:
        """A response was sent."""
        self._since = time.monotonic()

    def is_quiet(self) -> bool:
        """No response for a moment, or waited long enough."""
        now = time.monotonic()
        return now - self._since > _QUIET_SECONDS or now > self._until


def last_response(headers: Headers, version: str) -> Headers:
    """Add what tells an HTTP/1 client that its connection ends here (HTTP/2 has GOAWAY)."""
    return headers if version in {"HTTP/2", "2"} else [*headers, ("connection", "close")]


def ending(reply: Reply, version: str) -> Reply:
    """A reply that ends its connection."""
    return reply._replace(headers=last_response(reply.headers, version))
