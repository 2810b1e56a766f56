"""One request and its response as the engine's event-loop side has them; it speaks ASGI messages.

That side alone hands over heads and ends of bodies as they came. Nothing here knows of hosts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from functions_framework.model.fields import sent_bytes

from .slices import LARGE, SLICE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from functions_framework.model.message import Headers

    from .interfaces import ASGIWatcher, BodyPart, BodyState, ResponseMessage, ResponseStart

_LOOK_SECONDS = 0.25
_MOST_AHEAD = 2**16
"""Bytes of a body that are read before anybody asks for them, to see whether its client goes."""
_HAVE_BODIES = frozenset({"POST", "PUT", "PATCH"})
_PARTS_AHEAD = 8
"""Parts of a long body that are asked for at once."""
_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 100


class _Encoded(dict[tuple[str, str], tuple[bytes, bytes]]):
    """Header fields as bytes; nearly all are the same in all responses."""

    def __missing__(self, pair: tuple[str, str]) -> tuple[bytes, bytes]:
        name, value = pair
        encoded = name.encode(), sent_bytes(value)
        if len(self) < _MOST_REMEMBERED and len(value) < _LONGEST_REMEMBERED:
            self[pair] = encoded
        return encoded


_encoded = _Encoded().__getitem__


class Exchange:
    """A request, what reads its body and what answers it: one object, made for each.

    Args:
        watcher: the engine's.

    Attributes:
        asgi: the engine's scope.
        method: the HTTP method.
        path: the decoded path, with U+FFFD for what isn't UTF-8.
        http_version: `1`, `1.1` or `2`.
        done: tells the engine that the call is over.
        body: what reads the body, once something does; it tells whether it is over.
        largest_part: bytes that a part of a body has at most, with HTTP/1; the engine sets it.
    """

    largest_part = 2**16

    # No slots: in most requests nothing else is ever set.
    body: BodyState | None = None
    _is_answered = False
    _gone: asyncio.Event | None = None
    _ahead: list[BodyPart] | None = None
    _next: asyncio.Task[BodyPart] | None = None
    _asked: list[Awaitable[BodyPart]] | None = None
    _slices: asyncio.Task[None] | None = None

    def __init__(self, watcher: ASGIWatcher) -> None:
        self.done = watcher.done
        self._engine = watcher.proto
        self.asgi = asgi = watcher.scope
        self.method = asgi["method"]
        self.path = asgi["path"]
        self.http_version = asgi["http_version"]
        if self.method in _HAVE_BODIES:
            named = dict(asgi["headers"])
            # To ask is to tell a client to go on that waits to be told so (RFC 9110, 10.1.1).
            if b"content-length" in named and b"expect" not in named:
                # Nearly always it is there by the time the call begins, which need not wait then.
                self._asked = [watcher.proto.receive()]

    @property
    def scope(self) -> Exchange:
        """Its head."""
        return self

    @property
    def proto(self) -> Exchange:
        """What reads and answers."""
        return self

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the client's end of the connection."""
        host, port = self.asgi["client"]
        return host, int(port)

    def header(self, name: bytes) -> str:
        """The value of one header field, empty where there is none."""
        for given, value in self.asgi["headers"]:
            if given == name:
                return value.decode("latin-1")
        return ""

    def receive(self) -> Awaitable[BodyPart]:
        """The next part of the body as an ASGI message; `http.disconnect` where it broke off."""
        if self._ahead:
            return _done(self._ahead.pop(0))
        coming, self._next = self._next, None
        return self._receive() if coming is None else coming

    def read_ahead(self, left: int) -> None:
        """Ask for more parts at once: each that is asked for alone costs a turn of both threads.

        Who asks for more than there are is told that the client has gone, and so is everybody who
        asks after that. So it is never more than what is left must come in.

        Args:
            left: bytes of the body that were not received.
        """
        if self._ahead or self._next is not None:
            return  # some of them are here
        asked = self._asked = self._asked or []
        while len(asked) < min(_PARTS_AHEAD, -(-left // self.largest_part)):
            asked.append(self._engine.receive())

    def _receive(self) -> Awaitable[BodyPart]:
        return self._asked.pop(0) if self._asked else self._engine.receive()

    @property
    def is_gone(self) -> bool:
        """Whether the client is known to have gone."""
        return self._gone is not None and self._gone.is_set()

    def watch(self) -> asyncio.Event:
        """What is set when the client has gone, or has its response."""
        if self._gone is None:
            self._gone = asyncio.Event()
            self._watch = asyncio.get_running_loop().create_task(self._wait_for_end(self._gone))
        return self._gone

    async def client_disconnect(self) -> None:
        """Wait until the client has gone, or has its response."""
        await self.watch().wait()

    async def _wait_for_end(self, gone: asyncio.Event) -> None:
        # The engine tells of the client once all of the body was taken.
        body = self.body
        is_over, taken = False, 0
        while body is not None and not is_over and not body.is_over:
            if body.is_waiting or taken > _MOST_AHEAD:
                await asyncio.sleep(_LOOK_SECONDS)
                if self.body is None:
                    return  # the call is over
                continue
            self._next = coming = asyncio.get_running_loop().create_task(self._read())
            await asyncio.wait([coming])
            if self._next is coming:  # else who reads the body has it
                self._next = None
                message = coming.result()
                self._ahead = [*(self._ahead or ()), message]
                taken += len(message.get("body", b""))
                is_over = not message.get("more_body", False)
                if message["type"] == "http.disconnect":
                    gone.set()
                    return
        while (await self._receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async def _read(self) -> BodyPart:
        return await self._receive()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer; of no effect where that was done."""
        if not self._is_answered:
            self._is_answered = True
            start, send = _start(status, headers), self._engine.send
            if len(body) < LARGE or self.http_version == "2" or not self._is_read:
                send(start)
                send({"type": "http.response.body", "body": body})
            else:
                start["headers"].append((b"content-length", str(len(body)).encode()))
                send(start)
                # The call is over; the engine is told so when it has all of the body.
                done, self.done = self.done, _no_more
                self._slices = asyncio.get_running_loop().create_task(self._send(body, done))

    @property
    def _is_read(self) -> bool:
        return self.body is None or self.body.is_over

    async def _send(self, body: bytes, done: Callable[[], None]) -> None:
        transport = Transport(self, self._engine.send)
        try:
            for at in range(0, len(body), SLICE):
                await transport.send_bytes(body[at : at + SLICE])
            await transport.end()
        except ConnectionError:
            pass
        finally:
            self._slices = None
            done()

    def response_stream(self, status: int, headers: Headers) -> Transport | None:
        """Begin a response whose body is sent in parts; the head goes out with the first.

        None where the request was answered.
        """
        if self._is_answered:
            return None
        self._is_answered = True
        self._engine.send(_start(status, headers))
        return Transport(self, self._engine.send)


def _no_more() -> None:
    """The engine was told, or will be."""


def _start(status: int, headers: Headers) -> ResponseStart:
    fields = list(map(_encoded, headers))
    return {"type": "http.response.start", "status": status, "headers": fields}


async def _done(message: BodyPart) -> BodyPart:
    return message


class Transport:
    """Sends the parts of a response's body, one after the other.

    Args:
        protocol: tells whether the client is still there.
        send: the engine's. What it has not taken yet may be overtaken by what is given next.
    """

    __slots__ = ("_last", "_protocol", "_send")

    def __init__(
        self, protocol: Exchange, send: Callable[[ResponseMessage], Awaitable[object]]
    ) -> None:
        self._protocol = protocol
        self._send = send
        self._last: Awaitable[object] | None = None
        protocol.watch()

    async def send_bytes(self, data: bytes) -> None:
        """Send a part, once the engine has taken the one before: it does as the client reads.

        Raises:
            ConnectionError: the client has gone.
        """
        if data:
            await self._taken()
            if self._protocol.is_gone:
                raise ConnectionError("The client has gone.")
            self._last = self._send({"type": "http.response.body", "body": data, "more_body": True})

    def begin(self) -> None:
        """Send the head, if no part was sent; without it the engine would answer by itself."""
        if self._last is None:
            self._send({"type": "http.response.body", "body": b"", "more_body": True})

    async def end(self) -> None:
        """End the body: all of it was sent."""
        await self._taken()
        self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _taken(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            await last
