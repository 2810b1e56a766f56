"""A request's body as a sync function reads it: whole or refused, and drained in bounded memory.

Granian reports a body that breaks off as a plain end of file. Where a Content-Length was declared
the difference shows. Reading all of a chunked body at once gives nothing when it broke off, so
`read()` is passed on as such where it can be. What is read in pieces, or is nothing, is held
against what the kernel says of the client: whether it has just hung up.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from functions_framework.exceptions import BodyTooSlow, MalformedRequest
from functions_framework.runtime.values import NamedTuple

from ..wire.connections import has_hung_up
from ..wire.forwarded import PEER
from ..wire.gate import answer
from ..wire.limits import too_large
from ..wire.whole import Whole
from .sources import UNWANTED, Collected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Reply

    from ..wire.interfaces import Answering, Source
    from .admission import Admission
    from .slow_senders import SlowSenders

PIECE = 65536
HTTP2 = "HTTP/2"
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class Bounds(NamedTuple):
    """What a server grants its clients' bodies.

    Attributes:
        admission: lends the call's slot out while the client has us wait.
        limit: bytes a body may have, 0 for any number; a longer one is refused when it is read.
        senders: watches who has us wait, None where they may take for ever.
    """

    admission: Admission
    limit: int = 0
    senders: SlowSenders | None = None


class Body:
    """The `wsgi.input` of a request that has a body.

    Args:
        source: Granian's own body.
        length: the declared Content-Length, None for a chunked body.
        environ: of the request; read, not changed.
        bounds: what it is held against.
        protocol: answers the client, should it stop sending.

    Attributes:
        is_read: whether its end was reached.
        is_broken: whether it ended too early.
        peer: the address of the client's connection.
        since: `time.monotonic()` when the read in progress began.
        reply: what the client is answered when nothing more comes, None for a refusal.
        sent: `time.monotonic()` of its response, None before.
        is_over: whether the client was given up.
    """

    # No slots: most bodies are read at once and never need more than the first six.
    is_broken = False
    since = 0.0
    reply: Reply | None = None
    sent: float | None = None
    is_over = False
    _buffer = b""
    _is_refused = False
    _taken = 0

    def __init__(
        self,
        source: Source,
        length: int | None,
        environ: Environ,
        bounds: Bounds,
        protocol: Answering,
    ) -> None:
        self._source = Collected(source) if environ["SERVER_PROTOCOL"] == HTTP2 else source
        self._left = length
        self._environ = environ
        self._bounds = bounds
        self._protocol = protocol
        # Middleware may write over what the environ says of the client.
        self.peer = environ["REMOTE_ADDR"] if PEER not in environ else environ[PEER]
        self.is_read = length == 0

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, all that is left when negative or None.

        Raises:
            MalformedRequest: the client broke off before the end.
            BodyTooLarge: it is longer than the limit; raised once.
            BodyTooSlow: the client has stopped sending, and was answered so.
        """
        if self._is_refused:
            # Said once; whoever reads on only wants to be done with it.
            return b""
        if size is None or size < 0:
            left = self._left
            if left is None or left > PIECE or self._buffer or self.is_read:
                return self._read_all()
            # Nearly every body; what is declared longer than the limit gets no call.
            found = self._receive(left)
            self._taken += len(found)
            self._left, self.is_read = left - len(found), True
            if self._left:
                self._break_off()
            return found
        while len(self._buffer) < size and not self.is_read:
            self._fill(size - len(self._buffer))
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to and with the next newline, at most `size` bytes."""
        limit = None if size is None or size < 0 else size
        while b"\n" not in self._buffer and not self.is_read:
            if limit is not None and len(self._buffer) >= limit:
                break
            self._fill(PIECE)
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        if limit is not None:
            end = min(end, limit)
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read all lines, or as many as reach `hint` bytes."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def drain(self, limit: int = 0) -> None:
        """Read what the function left unread, and forget it; a broken body isn't an error here.

        Args:
            limit: bytes after which to stop, 0 for all.
        """
        self._buffer = b""
        if self.version == HTTP2:
            self._drain_stream()
            return
        self._bounds = self._bounds._replace(limit=0)
        until = self._taken + limit if limit else None
        with suppress(BodyTooSlow):
            while not self.is_read and (until is None or self._taken < until):
                self._take(PIECE)

    def _drain_stream(self) -> None:
        """Have the client send all, where it is known to be no more than may be held.

        Else the response ends the stream by a reset without an error (RFC 9113, 8.1).
        """
        if self._left is not None and self.is_coming:
            with UNWANTED.holding(self._left) as is_there, suppress(BodyTooSlow):
                if is_there:
                    self._receive(None)
        self.is_read = True

    def _read_all(self) -> bytes:
        left = self._left
        if left is None and not self._bounds.limit and not self._buffer and not self.is_read:
            found = self._take(None)
            if not found and self._is_lost():
                self._break_off()
            return found
        whole = Whole(None if left is None else left + len(self._buffer))
        whole.add(self._buffer)
        self._buffer = b""
        while not self.is_read:
            self._fill(PIECE)
            whole.add(self._buffer)
            self._buffer = b""
        return whole.taken()

    def _fill(self, size: int) -> None:
        self._buffer += self._take(size)
        if self.is_broken or (self.is_read and self._left is None and self._is_lost()):
            self._break_off()

    def _is_lost(self) -> bool:
        """Whether the end of a body of unknown length is one that came too early."""
        environ = self._environ
        if self.version == HTTP2 and environ["REQUEST_METHOD"] in _WITHOUT_BODY:
            return False
        if not self._taken and self._is_suspect():
            return True
        return has_hung_up(self.peer)

    def _is_suspect(self) -> bool:
        """Whether nothing was expected: a broken body looks like nothing at all.

        Nobody describes what is not there, and an empty body needs no chunks, but who sends events
        may send them all in the same way, and some have no data.
        """
        environ = self._environ
        if "CONTENT_TYPE" in environ:
            return True
        return "HTTP_TRANSFER_ENCODING" in environ and "HTTP_CE_ID" not in environ

    def _take(self, size: int | None) -> bytes:
        """Wait for `size` bytes or the end; note an end that is early."""
        left = self._left
        if size is not None and left is not None:
            size = min(size, left)
        data = self._receive(size)
        self._taken += len(data)
        limit = self._bounds.limit
        if 0 < limit < self._taken:
            self._is_refused = True
            raise too_large(limit)
        is_end = size is None or len(data) < size
        if left is not None:
            self._left = left = left - len(data)
            self.is_broken = is_end and left > 0
            is_end = is_end or left == 0
        self.is_read = is_end
        return data

    def _receive(self, size: int | None) -> bytes:
        """Wait for the client, watched, with the slot lent out."""
        if self.is_over:
            return b""
        admission, _, senders = self._bounds
        is_lent = admission.lend()
        if senders is not None:
            senders.begin(self)
        try:
            data = self._source.read() if size is None else self._source.read(size)
        finally:
            if senders is not None:
                senders.end(self)
            if is_lent:
                admission.reclaim()
        if senders is not None and self.is_over:
            self._is_refused = self.is_read = True
            raise senders.refusal()
        return data

    @property
    def is_coming(self) -> bool:
        """Whether its client sends it: one that asks first (`Expect`) does when some was read."""
        return self._taken > 0 or "HTTP_EXPECT" not in self._environ

    @property
    def version(self) -> str:
        """Of HTTP."""
        return self._environ["SERVER_PROTOCOL"]  # type: ignore[no-any-return]

    @property
    def environ(self) -> Environ:
        """The request it belongs to."""
        return self._environ

    def answer(self, refusal: Reply) -> None:
        """Answer the client, if it was not, and let the connection end.

        Args:
            refusal: sent where no reply is known yet.
        """
        if self.sent is None:
            self.sent = time.monotonic()
            method = self._environ["REQUEST_METHOD"]
            answer(self._protocol, self.reply or refusal, method, self.version)

    def _break_off(self) -> None:
        self.is_broken = True
        raise MalformedRequest("The request body was cut off before its end.")
