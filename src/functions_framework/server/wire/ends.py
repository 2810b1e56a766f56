"""Calls whose end is told: only made where something is written then (see `logs.call_end`).

The serving classes know nothing of this. What the engine hands them is wrapped on its way, so that
a server that writes nothing at the end of a call does nothing for it.
"""

from __future__ import annotations

from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING

from functions_framework.hosts.wsgi.environ import path_of

from ..messages import OWN_HOST
from .slices import Slices

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from functions_framework.logs import CallEnd
    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Headers

    from .interfaces import (
        AsyncProtocol,
        BodyPart,
        BodyState,
        Parts,
        RequestHead,
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
    tell = end.__call__  # an object that is called takes a way through C, its method none

    def call(protocol: SyncProtocol, scope: Environ) -> None:
        answer = _SyncEnding()
        answer.started = monotonic()
        answer.status = answer.size = 0
        answer.seconds = 0.0
        answer.protocol = protocol
        # Now, as a function's middleware may change what it is given.
        answer.method, answer.path = scope["REQUEST_METHOD"], path_of(scope)
        answer.agent = scope.get("HTTP_USER_AGENT", "")
        answer.end = None if scope["HTTP_HOST"] == OWN_HOST else tell
        answer.thread = get_ident()
        serve(answer, scope)

    return call


def ending_async(schedule: Schedule, end: CallEnd) -> Schedule:
    """The engine's callback for async calls, with `end` called after each response."""
    tell = end.__call__  # an object that is called takes a way through C, its method none

    def made(watcher: Watcher) -> None:
        answer = _AsyncEnding()
        answer.started = monotonic()
        answer.status = answer.size = 0
        answer.seconds = 0.0
        answer.watcher = watcher
        answer.protocol = watcher.proto
        answer.scope = watcher.scope
        answer.end = tell
        schedule(answer)

    return made


class _Answer:
    """What was sent for one request; of two responses the first is the one that was sent.

    Its maker sets the fields, as a constructor in Python takes longer than they do.

    Attributes:
        end: what is called at the end, None once it was.
    """

    __slots__ = ("end", "seconds", "size", "started", "status")

    end: Callable[[str, str, int, int, float, bool], None] | None
    seconds: float
    size: int
    started: float
    status: int

    def whole(self, status: int, size: int) -> None:
        if not self.status:
            self.status, self.size = status, size
            self.seconds = monotonic() - self.started

    def tell(self, method: str, path: str, agent: str) -> None:
        end, self.end = self.end, None
        if end is not None:
            seconds = self.seconds or monotonic() - self.started
            size = 0 if method == "HEAD" else self.size
            end(method, path, self.status, size, seconds, agent.startswith(_PROBES))


class _SyncEnding(_Answer):
    """Granian's WSGI protocol, as far as answers are concerned."""

    __slots__ = ("agent", "method", "path", "protocol", "thread")

    agent: str
    method: str
    path: str
    protocol: SyncProtocol
    thread: int

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.protocol.response_bytes(status, headers, body)
        self.whole(status, len(body))
        # A deadline answers from its own thread; the call ends in its own all the same.
        if get_ident() == self.thread:
            self.finish()

    def response_iter(self, status: int, headers: Headers, stream: Parts) -> None:
        if isinstance(stream, Slices):  # a whole body: that it was given to the engine is the end
            self.whole(status, len(stream))
            self.finish()
            self.protocol.response_iter(status, headers, stream)
            return
        try:
            if not self.status:  # else a deadline has answered: nobody pulls this one
                self.status = status
                self.protocol.response_iter(status, headers, _Stream(stream, self))
        finally:
            stream.finish()  # its end is part of the call
            self.finish()

    def finish(self) -> None:
        self.tell(self.method, self.path, self.agent)


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

    __slots__ = ("protocol", "scope", "watcher")

    protocol: AsyncProtocol
    scope: RequestHead
    watcher: Watcher

    @property
    def proto(self) -> _AsyncEnding:
        return self

    def done(self) -> None:
        self.watcher.done()
        scope = self.scope
        self.tell(scope.method, scope.path, scope.header(b"user-agent"))

    def receive(self) -> Awaitable[BodyPart]:
        return self.protocol.receive()

    def read_ahead(self, left: int) -> None:
        self.protocol.read_ahead(left)

    @property
    def body(self) -> BodyState | None:
        return self.protocol.body

    @body.setter
    def body(self, value: BodyState | None) -> None:
        self.protocol.body = value

    def client_disconnect(self) -> Awaitable[None]:
        return self.protocol.client_disconnect()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.protocol.response_bytes(status, headers, body)
        self.whole(status, len(body))

    def response_stream(self, status: int, headers: Headers) -> _Transport | None:
        self.status = self.status or status
        transport = self.protocol.response_stream(status, headers)
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
