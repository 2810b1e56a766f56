"""Calls whose end is told: only made where something is written then (see `logs.call_end`).

The serving classes know nothing of this. What the engine hands them is wrapped on its way, so that
a server that writes nothing at the end of a call does nothing for it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from functions_framework.hosts.wsgi.environ import path_of

from .own_replies import OWN_HOST
from .slices import Slices

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from functions_framework.logs import CallEnd
    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Headers

    from .interfaces import (
        BodyPart,
        BodyState,
        Parts,
        Schedule,
        SyncCall,
        SyncProtocol,
        Transport,
        Watcher,
    )

_PROBES = ("kube-probe/", "GoogleHC/", "Knative-Ingress-Probe", "Knative-Activator-Probe")
"""How the user agents of load balancers and kubelets begin."""


def ending_sync(serve: SyncCall, end: CallEnd) -> SyncCall:
    """The engine's callback for sync calls, with `end` called after each response."""

    def call(protocol: SyncProtocol, scope: Environ) -> None:
        serve(_SyncEnding(protocol, scope, end), scope)

    return call


def ending_async(schedule: Schedule, end: CallEnd) -> Schedule:
    """The engine's callback for async calls, with `end` called after each response."""
    return lambda watcher: schedule(_AsyncEnding(watcher, end))


class _Answer:
    """What was sent for one request; of two responses the first is the one that was sent."""

    __slots__ = ("seconds", "size", "started", "status")

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.status = 0
        self.size = 0
        self.seconds = 0.0

    def whole(self, status: int, size: int) -> None:
        if not self.status:
            self.status, self.size = status, size
            self.seconds = time.monotonic() - self.started

    def tell(self, end: CallEnd, method: str, path: str, agent: str) -> None:
        seconds = self.seconds or time.monotonic() - self.started
        size = 0 if method == "HEAD" else self.size
        end(method, path, self.status, size, seconds, is_probe=agent.startswith(_PROBES))


class _SyncEnding(_Answer):
    """Granian's WSGI protocol, as far as answers are concerned."""

    __slots__ = ("_agent", "_end", "_method", "_path", "_protocol", "_thread")

    def __init__(self, protocol: SyncProtocol, scope: Environ, end: CallEnd) -> None:
        super().__init__()
        self._protocol = protocol
        # Now, as a function's middleware may change what it is given.
        self._method, self._path = scope["REQUEST_METHOD"], path_of(scope)
        self._agent = scope.get("HTTP_USER_AGENT", "")
        self._end: CallEnd | None = None if scope["HTTP_HOST"] == OWN_HOST else end
        self._thread = threading.get_ident()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self._protocol.response_bytes(status, headers, body)
        self.whole(status, len(body))
        # A deadline answers from its own thread; the call ends in its own all the same.
        if threading.get_ident() == self._thread:
            self.finish()

    def response_iter(self, status: int, headers: Headers, stream: Parts) -> None:
        if isinstance(stream, Slices):  # a whole body: that it was given to the engine is the end
            self.whole(status, len(stream))
            self.finish()
            self._protocol.response_iter(status, headers, stream)
            return
        try:
            if not self.status:  # else a deadline has answered: nobody pulls this one
                self.status = status
                self._protocol.response_iter(status, headers, _Stream(stream, self))
        finally:
            stream.finish()  # its end is part of the call
            self.finish()

    def finish(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            self.tell(end, self._method, self._path, self._agent)


class _Stream:
    """A streamed body whose bytes are counted."""

    __slots__ = ("_answer", "_stream", "close", "finish")

    def __init__(self, stream: Parts, answer: _Answer) -> None:
        self._stream = stream
        self._answer = answer
        self.close, self.finish = stream.close, stream.finish

    def __next__(self) -> bytes:
        part = next(self._stream)
        self._answer.size += len(part)
        return part


class _AsyncEnding(_Answer):
    """An exchange: reading is passed through, what is sent is counted, and its end is told."""

    __slots__ = ("_end", "_protocol", "_watcher", "scope")

    def __init__(self, watcher: Watcher, end: CallEnd) -> None:
        super().__init__()
        self._watcher = watcher
        self._protocol = watcher.proto
        self._end = end
        self.scope = watcher.scope

    @property
    def proto(self) -> _AsyncEnding:
        return self

    def done(self) -> None:
        self._watcher.done()
        scope = self.scope
        self.tell(self._end, scope.method, scope.path, scope.header(b"user-agent"))

    def receive(self) -> Awaitable[BodyPart]:
        return self._protocol.receive()

    def read_ahead(self, left: int) -> None:
        self._protocol.read_ahead(left)

    @property
    def body(self) -> BodyState | None:
        return self._protocol.body

    @body.setter
    def body(self, value: BodyState | None) -> None:
        self._protocol.body = value

    def client_disconnect(self) -> Awaitable[None]:
        return self._protocol.client_disconnect()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self._protocol.response_bytes(status, headers, body)
        self.whole(status, len(body))

    def response_stream(self, status: int, headers: Headers) -> _Transport | None:
        self.status = self.status or status
        transport = self._protocol.response_stream(status, headers)
        return None if transport is None else _Transport(transport, self)


class _Transport:
    """Granian's transport of a streamed response."""

    __slots__ = ("_answer", "_transport")

    def __init__(self, transport: Transport, answer: _Answer) -> None:
        self._transport = transport
        self._answer = answer

    async def send_bytes(self, data: bytes) -> None:
        await self._transport.send_bytes(data)
        self._answer.size += len(data)

    def begin(self) -> None:
        self._transport.begin()

    async def end(self) -> None:
        await self._transport.end()
