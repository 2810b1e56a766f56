"""Streams of sync functions as the engine pulls them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.beginnings import data_of
from functions_framework.runtime.escaping import own_logger

from ..wire.connections import cut_sender
from ..wire.forwarded import peer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.message import Reply

    from ..hosted import Environ

_log = own_logger("functions_framework.server")


def settle(given: Reply, sent: Reply, environ: Environ) -> None:
    """Close a stream that was given and is not begun: something else is sent."""
    if isinstance(sent.body, bytes) and not isinstance(given.body, bytes):
        Stream(given.body, environ).close()


class Stream:
    """A streamed body as the engine pulls it: text encoded, failures logged and made visible."""

    __slots__ = ("_body", "_environ", "_iterator", "_sent")

    def __init__(self, body: Any, environ: Environ) -> None:
        self._body = body
        self._environ = environ
        self._iterator: Iterator[bytes | str] | None = None
        self._sent = time.monotonic()

    def __next__(self) -> bytes:
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            part = next(self._iterator)
            data = data_of(part)
        except StopIteration:
            raise
        except BaseException:  # noqa: BLE001 - logged
            self._break_off()
            raise StopIteration from None
        self._sent = time.monotonic()
        return data

    def _break_off(self) -> None:
        environ = self._environ
        is_cut = cut_sender(peer_of(environ), self._sent)
        _log.exception(
            "The response to %s %s failed halfway%s.",
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            "" if is_cut else "; its connection could not be told apart and was left open",
        )

    def close(self) -> None:
        """Called by the engine at the end, and when the client has gone."""
        close = getattr(self._body, "close", None)
        if close is None:
            return
        try:
            close()
        except BaseException:  # noqa: BLE001 - logged
            _log.exception("Closing the response's body failed.")
