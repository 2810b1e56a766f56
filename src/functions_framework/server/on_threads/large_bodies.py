"""Large whole bodies of sync functions on their way out: in slices, after the call is over.

The function has returned, so its place is free, no deadline counts any more and its end is logged:
all is as if the engine had taken the body at once. Only the thread is kept until the client has
nearly all of it, so few do this at a time; the engine takes the bodies of the others at once.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..wire.slices import Slices
from .stream import settle

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Headers, Reply

    from ..wire.interfaces import SyncProtocol

MOST_AT_ONCE = 64
"""Threads that may send in slices at once; slow readers must not hold them all."""


class LargeBodies:
    """Sends the large bodies of one server.

    Attributes:
        places: an item for each thread that may begin to send.
    """

    def __init__(self) -> None:
        self.places = deque([None] * MOST_AT_ONCE)

    @property
    def in_use(self) -> int:
        """How many threads send."""
        return MOST_AT_ONCE - len(self.places)

    @staticmethod
    def takes(environ: Environ) -> bool:
        """Whether the large body of a request's response is sent here, after the call.

        Not over HTTP/2: a client may shut its window for ever, and the thread would wait as long.
        """
        return bool(environ["SERVER_PROTOCOL"] != "HTTP/2")

    def send(self, protocol: SyncProtocol, reply: Reply) -> None:
        """Send a reply with a large body, and close it."""
        try:
            self._send(protocol, *reply)  # type: ignore[arg-type]
        finally:
            settle(reply.body)

    def _send(self, protocol: SyncProtocol, status: int, headers: Headers, body: bytes) -> None:
        try:
            self.places.pop()
        except IndexError:
            protocol.response_bytes(status, headers, body)
            return
        try:
            length = "content-length", str(len(body))
            protocol.response_iter(status, [*headers, length], Slices(body))
        finally:
            self.places.append(None)
