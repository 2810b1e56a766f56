"""Granian's private API, all of it: loading the extension, and its two kinds of worker.

Granian's public server brings its own supervisor, whose crash, signal and exit rules are not ours,
and an import of asyncio, multiprocessing, ssl and watchfiles. Its Rust half needs none of them: it
takes a listening socket and a callback. `tests/server/test_granian_private_api.py` fails with a
plain message when a new version moves what is used here.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import types
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.values import value_class

from ..worker.debuggers import traced
from .listening import is_unix, port_of

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    # What `load` imports, for tools that pack a program up with what its statements import.
    import granian._granian  # noqa: F401

    from .interfaces import ASGIWatcher, Schedule, SocketWatcher, SyncCall

CONNECTIONS = 100_000
"""Connections a worker holds at once. Idle ones count, so it is set out of reach."""

IDLE_THREAD_SECONDS = 30

_PING_SECONDS = 20
"""Seconds that a client has, at most, to answer a ping of HTTP/2."""


@value_class(frozen=True)
class Limits:
    """What the engine itself bounds.

    Attributes:
        threads: threads that may run Python at once (made when needed).
        backlog: connections the kernel holds until they are accepted.
        header_size: bytes of one request's head.
        head_seconds: seconds a connection may be idle, or a client take for a request's head. Over
            HTTP/2 the client is asked so often whether it is still there.
        keeps_alive: whether a connection serves more than one request.
        certificate: files of the certificate chain and its key, None for no TLS.
    """

    threads: int
    backlog: int = 2048
    header_size: int = 64 * 1024
    head_seconds: float = 75.0
    keeps_alive: bool = True
    certificate: tuple[str, str] | None = None


@value_class(frozen=True)
class _Http1:
    header_read_timeout: int
    keep_alive: bool
    max_buffer_size: int
    pipeline_flush: bool


@value_class(frozen=True)
class _Http2:
    max_headers_size: int
    adaptive_window: bool = False
    initial_connection_window_size: int = 1024 * 1024
    initial_stream_window_size: int = 1024 * 1024
    keep_alive_interval: int | None = None
    keep_alive_timeout: int = 20
    max_concurrent_streams: int = 200
    max_frame_size: int = 1024 * 16
    max_send_buffer_size: int = 1024 * 400


def load() -> Any:
    """Import Granian's extension module without its Python half.

    Raises:
        ImportError: Granian is not installed, or has no `_granian` for this interpreter.
    """
    # Its records are of no use to anybody but itself: what matters is logged by this package.
    logging.getLogger("_granian").setLevel(logging.CRITICAL)
    if "granian" in sys.modules:
        return importlib.import_module("granian._granian")
    spec = importlib.util.find_spec("granian")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("No module named 'granian': install the package again.")
    stand_in = types.ModuleType("granian")
    stand_in.__path__ = list(spec.submodule_search_locations)
    sys.modules["granian"] = stand_in
    try:
        return importlib.import_module("granian._granian")
    finally:
        # User code that imports granian gets the real package.
        del sys.modules["granian"]


class _NoLoop:
    """Stands where Granian wants an event loop; a WSGI worker never runs it."""

    def call_soon(self, *args: Any, **keywords: Any) -> None:
        """Take a callback that is never due."""


class Engine:
    """One Granian worker: accepts on a socket and hands requests to a callback.

    Args:
        listener: bound socket; it starts listening in `start`.
        limits: what is bounded.

    Attributes:
        listener: as given.
        is_secure: whether it speaks TLS.
    """

    def __init__(self, listener: socket.socket, limits: Limits) -> None:
        self._granian = load()
        self.listener = listener
        self._limits = limits
        self.is_secure = limits.certificate is not None
        self._stop = self._granian.WorkerSignal()

    @property
    def port(self) -> int:
        """The port it listens on, 0 for none."""
        return port_of(self.listener)

    def start_sync(self, call: SyncCall) -> None:
        """Listen; `call(protocol, scope)` runs on a thread of Granian's for each request."""
        loop = _NoLoop()
        worker = self._granian.WSGIWorker(**self._arguments(self._limits.threads))
        scheduler = self._scheduler(loop, traced(call), lambda _watcher: None)
        serve = worker.serve_mtr_uds if is_unix(self.listener) else worker.serve_mtr
        serve(scheduler, loop, self._stop)

    def start_async(
        self,
        schedule: Schedule,
        loop: asyncio.AbstractEventLoop,
        take_socket: Callable[[SocketWatcher], object] | None = None,
    ) -> None:
        """Listen; `schedule(exchange)` is called on a thread of Granian's for each request.

        Args:
            schedule: as said.
            loop: of the calls.
            take_socket: called likewise for each WebSocket; None to have requests of such as any.
        """
        from .exchange import Exchange  # asyncio is not for sync servers

        Exchange.largest_part = self._limits.header_size  # its buffer is for both
        has_sockets = take_socket is not None
        worker = self._granian.ASGIWorker(**self._arguments(1), websockets_enabled=has_sockets)
        take: Callable[[Any], object]
        take = lambda watcher: schedule(Exchange(watcher))  # noqa: E731 - called for each request
        if take_socket is not None:
            take = _sorted(take, take_socket)
        serve = worker.serve_str_uds if is_unix(self.listener) else worker.serve_str
        serve(self._scheduler(loop, None, take), loop, self._stop)

    def stop(self, then: Callable[[], object]) -> None:
        """Stop accepting, let requests in flight finish, call `then` from a thread of Granian's."""
        self._stop.add_cb(then)
        self._stop.set()

    def _arguments(self, threads: int) -> dict[str, Any]:
        limits = self._limits
        head_milliseconds = max(1, round(limits.head_seconds * 1000))
        return {
            "worker_id": 1,
            "sock": (None, self._socket()),
            "ipc": None,
            "threads": 1,
            "blocking_threads": 512,
            "py_threads": threads,
            "py_threads_idle_timeout": IDLE_THREAD_SECONDS,
            "backpressure": CONNECTIONS,
            "http_mode": "auto",
            "http1_opts": _Http1(
                header_read_timeout=head_milliseconds,
                keep_alive=limits.keeps_alive,
                max_buffer_size=limits.header_size,
                pipeline_flush=False,
            ),
            "http2_opts": _Http2(
                max_headers_size=limits.header_size,
                keep_alive_interval=head_milliseconds,
                keep_alive_timeout=max(1, min(_PING_SECONDS, round(limits.head_seconds))),
            ),
            "metrics": (None, None),
            **_tls(limits.certificate),
        }

    def _socket(self) -> Any:
        holder = self._granian.SocketHolder
        # A worker that is told to stop accepting closes the descriptor under the engine, so both
        # have the same one: with one of its own the engine lost connections that came just then.
        # Without workers nobody does, and the engine closes what it is given: its own.
        has_workers = hasattr(os, "fork")
        descriptor = self.listener.fileno() if has_workers else self.listener.dup().detach()
        if sys.platform == "win32":
            return holder(descriptor)
        if sys.platform.startswith(("linux", "freebsd")):
            return holder(descriptor, is_unix(self.listener), self._limits.backlog)
        return holder(descriptor, is_unix(self.listener))

    def _scheduler(
        self, loop: object, call: SyncCall | None, schedule: Callable[[Any], object]
    ) -> Any:
        scheduler = self._granian.CallbackScheduler(loop, call, None, None, None)
        scheduler._schedule_fn = schedule  # noqa: SLF001 - its constructor takes none
        return scheduler


def _sorted(
    take_request: Callable[[ASGIWatcher], object], take_socket: Callable[[SocketWatcher], object]
) -> Callable[[Any], object]:
    def take(watcher: Any) -> None:
        is_socket = watcher.scope["type"] == "websocket"
        (take_socket if is_socket else take_request)(watcher)

    return take


def _tls(certificate: tuple[str, str] | None) -> dict[str, Any]:
    if certificate is None:
        return {}
    chain, key = certificate
    return {
        "ssl_enabled": True,
        "ssl_cert": chain,
        "ssl_key": key,
        "ssl_protocol_min": "tls1.2",
    }
