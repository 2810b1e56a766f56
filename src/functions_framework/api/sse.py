"""Server-sent events (HTML standard, section 9.2) from an iterable, as a streamed reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions_framework.model.message import Reply
from functions_framework.runtime.closing import close
from functions_framework.runtime.pump import END, Pump

HEARTBEAT_SECONDS = 15.0
_HEARTBEAT = b": keep-alive\n\n"
_HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-store"),
    # Tells nginx and those that follow it not to hold parts back.
    ("x-accel-buffering", "no"),
]


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream.

    Attributes:
        data: text, or a value that is sent as JSON.
        event: its name, `message` for the browser when omitted.
        id: what the browser sends back as `Last-Event-ID` when it reconnects.
        retry: milliseconds the browser waits before it reconnects.
    """

    data: Any = ""
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def encode(self) -> bytes:
        """The event as it is sent.

        Raises:
            ValueError: the name or the id has a line break or a NUL, or `retry` is none that
                browsers read.
        """
        lines: list[str] = []
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None:
                if set("\r\n\0") & set(value):
                    raise ValueError(
                        f"The {name} of a server-sent event must be one line: {value!r}."
                    )
                lines.append(f"{name}: {value}")
        if self.retry is not None:
            if not isinstance(self.retry, int) or self.retry < 0:
                raise ValueError(
                    f"The retry of a server-sent event must be whole milliseconds: {self.retry!r}."
                )
            lines.append(f"retry: {int(self.retry)}")
        text = self.data if isinstance(self.data, str) else _json(self.data)
        unified = text.replace("\r\n", "\n").replace("\r", "\n")
        lines += [f"data: {line}" for line in unified.split("\n")]
        return ("\n".join(lines) + "\n\n").encode()


def _json(value: Any) -> str:
    from functions_framework.signatures.results import compact_json

    return compact_json(value).decode()


Source = Iterable[Any] | AsyncIterable[Any]


def sse(source: Source, *, heartbeat: float | None = HEARTBEAT_SECONDS) -> Reply:
    """Stream events to a browser's `EventSource`.

    Args:
        source: gives str, dict (sent as JSON) or `ServerSentEvent`; it is closed when the client
            leaves.
        heartbeat: seconds of silence after which a comment keeps the connection open, None for
            never. Only an async source can be silent and be heard of.

    Raises:
        TypeError: `source` cannot be iterated, or is one event instead of several.
        ValueError: `heartbeat` is zero or less.
    """
    if isinstance(source, (str, bytes, bytearray, Mapping, ServerSentEvent)):
        kind = type(source).__name__
        raise TypeError(f"sse() takes an iterable of events, found a {kind}: put it into a list.")
    if heartbeat is not None and not heartbeat > 0:
        raise ValueError(f"sse(heartbeat={heartbeat!r}): expected more than 0 seconds, or None.")
    if isinstance(source, AsyncIterable):
        return Reply(200, list(_HEADERS), _async_events(source, heartbeat))
    return Reply(200, list(_HEADERS), _Events(iter(source), source))


def _encode(item: Any) -> bytes:
    event = item if isinstance(item, ServerSentEvent) else ServerSentEvent(item)
    return event.encode()


class _Events:
    """The events of a blocking source, closed with it."""

    def __init__(self, items: Iterator[Any], source: Any) -> None:
        self._items = items
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return _encode(next(self._items))

    def close(self) -> None:
        close(self._items, self._source)


async def _async_events(
    source: AsyncIterable[Any], heartbeat: float | None
) -> AsyncIterator[bytes]:
    pump = Pump(source)
    try:
        while True:
            waiting = pump.ask()
            while not (await asyncio.wait({waiting}, timeout=heartbeat))[0]:
                yield _HEARTBEAT
            item = waiting.result()
            if item is END:
                return
            yield _encode(item)
    finally:
        await pump.close()
