"""Streams of sync functions as the engine pulls them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.hosts.beginnings import data_of
from functions_framework.runtime.escaping import own_logger

from ..wire.connections import reset_sender
from ..wire.forwarded import peer_of
from .sources import NO_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Headers

    from ..wire.interfaces import SyncProtocol
    from .body import Body
    from .slow_readers import PacedStream
    from .sources import NoBody

_log = own_logger("functions_framework.server")
_FLUSH_SECONDS = 0.02
_RESET_SECONDS = 0.05
_WITHOUT_ENDS = frozenset({"HTTP/1.0", "HTTP/1"})
"""Versions of HTTP in which a body without a length lasts until its connection ends."""


class BrokenOffError(Exception):
    """Tells the engine that a body has failed: it ends the connection, of HTTP/2 the stream."""


def settle(body: object) -> None:
    """Close a body that was sent, where there is something to close."""
    close = getattr(body, "close", None)
    if close is None:
        return
    try:
        close()
    except BaseException:  # noqa: BLE001 - logged
        _log.exception("Closing the response's body failed.")


class Stream:
    """A streamed body as the engine pulls it: text encoded, failures logged and made visible.

    Args:
        body: what is streamed.
        environ: of its call.
        unread: the request's body, of which nothing may be left at the end, as that would cost the
            client its connection.
    """

    __slots__ = ("_body", "_environ", "_is_at_end", "_iterator", "_sent", "_unread")

    def __init__(self, body: Any, environ: Environ, unread: Body | NoBody = NO_BODY) -> None:
        self._unread = unread
        self._body = body
        self._environ = environ
        self._iterator: Iterator[bytes | str] | None = None
        self._is_at_end = False
        self._sent = time.monotonic()

    def send(
        self, protocol: SyncProtocol, status: int, headers: Headers, paced: PacedStream
    ) -> None:
        """Have the engine pull this through what watches it; returns when it was closed."""
        try:
            protocol.response_iter(status, headers, paced)
        finally:
            self.finish()

    def __next__(self) -> bytes:
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            part = next(self._iterator)
            data = data_of(part)
        except StopIteration:
            if not self._unread.is_read:
                self._unread.drain()
            self._is_at_end = True
            raise
        except BaseException:  # noqa: BLE001 - logged
            self._break_off()
            raise BrokenOffError from None
        self._sent = time.monotonic()
        return data

    def _break_off(self) -> None:
        """Log the failure, and close what failed."""
        environ = self._environ
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        _log.exception("The response to %s %s failed halfway.", method, path)
        self.finish()
        time.sleep(_FLUSH_SECONDS)  # what was sent so far is still on its way through the engine
        if environ["SERVER_PROTOCOL"] in _WITHOUT_ENDS:
            self._reset(method, path)

    def _reset(self, method: str, path: str) -> None:
        """Let nothing follow until the connection is reset, or gone: its end would look right."""
        peer = peer_of(self._environ)

        def in_doubt() -> None:
            _log.warning(
                "The connection of %s %s cannot be told from others of %s yet: it is left "
                "unfinished, and its thread waits.",
                method,
                path,
                peer,
            )

        while True:
            try:
                is_reset = reset_sender(peer, self._sent, in_doubt)
                break
            except RequestTimeoutException:
                continue  # the deadline's answer is this one
        if is_reset:
            time.sleep(_RESET_SECONDS)  # until the engine has closed it, which is what resets it
        else:
            _log.warning("The connection of %s %s is gone, or was not found.", method, path)

    def close(self) -> None:
        """Called by the engine before it sends the end, and when the client has gone."""
        if not self._is_at_end:
            self.finish()

    def finish(self) -> None:
        """Close the body, once; at its end that is done when the client has it."""
        body, self._body = self._body, None
        settle(body)
