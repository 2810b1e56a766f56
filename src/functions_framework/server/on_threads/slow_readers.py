"""Streams of sync functions whose readers keep them waiting: their places are lent to other calls.

The engine takes a part when the one before it is on its way, and holds the thread until then. The
kernel ends a connection on which nothing moves (`listening.limit_sending`). What it cannot see is
done here: a window of HTTP/2 that stays shut, and readers of whom there are too many, the slowest
of which are cut.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Protocol

from ..wire.forwarded import peer_of
from ..wire.look import by_peer, look, shut_down
from ..wire.progress import Progress
from .sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.interfaces import Environ

    from ..wire.look import Connection
    from .admission import Admission

MOST_WAITING = 512
"""Streams that may wait for their readers at once; beyond, the slowest readers are cut."""

_FAR_TOO_MANY = MOST_WAITING * 5 // 4
_PATIENCE = 1.0
"""Seconds without progress that a reader has in any case, unless there are far too many."""

_A_MOMENT = 0.005
_SHORT_PAUSE = 0.05
_LONGEST_PAUSE = 0.5


class Stream(Protocol):
    """A streamed response, as the engine pulls it."""

    def __next__(self) -> bytes:
        """Make the next part."""

    def close(self) -> None:
        """Called by the engine before it sends the end, and when the client has gone."""

    def finish(self) -> None:
        """See `wire.interfaces.Parts`."""


class PacedStream:
    """A streamed response that knows whether its reader keeps it waiting.

    Args:
        stream: makes the parts.
        environ: of its call.
        readers: watches it.

    Attributes:
        is_waiting: whether the engine has a part.
        since: `time.monotonic()` when the last part was given to the engine.
        place: holds one item while the engine has a part: whoever takes it out has the place,
            this stream for its next part, or its watcher to lend it out.
    """

    __slots__ = ("_readers", "_stream", "environ", "is_waiting", "place", "since")

    def __init__(self, stream: Stream, environ: Environ, readers: SlowReaders) -> None:
        self._stream = stream
        self.environ = environ
        self._readers = readers
        self.is_waiting = False
        self.since = 0.0
        self.place: list[None] = []

    def __next__(self) -> bytes:
        if self.is_waiting:
            self._resume()
        elif not self.since:
            self._readers.begin(self)
        part = next(self._stream)
        self.since = time.monotonic()
        self.is_waiting = True
        self.place.append(None)
        return part

    def close(self) -> None:
        """Called at the end, and when the client has gone."""
        if self.is_waiting:
            self._resume()
        self._readers.end(self)
        self._stream.close()

    def finish(self) -> None:
        """See `wire.interfaces.Parts`."""
        self._stream.finish()

    def _resume(self) -> None:
        self.is_waiting = False
        try:
            self.place.pop()
        except IndexError:
            self._readers.reclaim()


class SlowReaders:
    """Watches the streams of one server.

    Args:
        admission: lends their places.
        seconds: for which a client may take nothing, 0 for any time.

    Attributes:
        port: that the server listens on.
        leave: asks for this worker to be replaced, with the reason; None where nobody is asked.
    """

    def __init__(self, admission: Admission, seconds: float) -> None:
        self._admission = admission
        self._seconds = seconds or math.inf
        self.port = 0
        self.leave: Callable[[str], object] | None = None
        self._streams: set[PacedStream] = set()
        self.end = self._streams.discard
        """A stream has ended."""
        self.reclaim = admission.reclaim
        """Wait for the place that was lent out."""
        self._progress = Progress(_taken)
        self._next_check = 0.0
        self._sweep = Sweep("slow-readers", self._streams, self._look, _SHORT_PAUSE)

    def paced(self, stream: Stream, environ: Environ) -> PacedStream:
        """A stream that is watched once its first part was asked for."""
        return PacedStream(stream, environ, self)

    def begin(self, stream: PacedStream) -> None:
        """A stream begins."""
        self._streams.add(stream)
        if self._sweep.is_idle:
            self._sweep.wake()

    @property
    def is_saturated(self) -> bool:
        """Whether a call that comes now has to wait, even if streams lend out what they can."""
        if self._admission.is_saturated:
            self._relieve(time.monotonic())
        return self._admission.is_saturated

    def _relieve(self, now: float) -> list[PacedStream]:
        """Lend out the places of streams that wait, if none is left; return those streams."""
        waiting = [
            stream
            for stream in self._streams.copy()
            if stream.is_waiting and stream.since < now - _A_MOMENT
        ]
        if self._admission.is_saturated:
            for stream in waiting:
                self._lend(stream)
        return waiting

    def _look(self, now: float) -> float:
        waiting = self._relieve(now)
        stuck = [stream for stream in waiting if stream.since < now - _PATIENCE]
        if stuck and now > self._next_check:
            self._check(stuck, len(waiting), now)
            self._next_check = now + min(_PATIENCE / 2, self._seconds / 10)
        return _SHORT_PAUSE if waiting or self._admission.is_saturated else _LONGEST_PAUSE

    def _lend(self, stream: PacedStream) -> None:
        try:
            stream.place.pop()
        except IndexError:  # it was lent before, or its reader goes on
            return
        self._admission.lend_anyway()

    def _check(self, stuck: list[PacedStream], waiting: int, now: float) -> None:
        too_many = max(len(stuck) - MOST_WAITING, waiting - _FAR_TOO_MANY)
        of_http2 = [item for item in stuck if item.environ["SERVER_PROTOCOL"] == "HTTP/2"]
        if too_many <= 0 and not of_http2:
            return
        connections = [item for item in look() if item.port == self.port]
        unsent = sorted((item for item in connections if item.unsent), key=_last_sent)
        for connection in unsent[: max(0, too_many)]:
            shut_down(connection)
        self._progress.note(connections, now)
        late = [item for item in of_http2 if item.since < now - self._seconds]
        calls = self._admission.besides({id(item.environ) for item in late})
        found = by_peer(self._progress.stuck(now - self._seconds), self.port)
        for peer in {peer_of(item.environ) for item in late}.difference(calls):
            # Calls share a connection: none is cut while it may be another's.
            for connection in found.get(peer, ()):
                shut_down(connection)
        if len(late) > MOST_WAITING and self.leave is not None:
            self.leave(f"{len(late)} clients do not read their responses")
            self.leave = None


def _taken(connection: Connection) -> int:
    return connection.acknowledged + connection.received


def _last_sent(connection: Connection) -> float:
    return connection.sent_at
