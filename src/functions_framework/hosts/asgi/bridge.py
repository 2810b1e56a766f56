"""Serves a sync host from an event loop: a thread for the call, a WSGI environ for the scope."""

from __future__ import annotations

import asyncio
import sys
from contextvars import copy_context
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.execution import DEADLINE, execution
from functions_framework.model.fields import PATH_CHARACTERS
from functions_framework.model.function import Signature
from functions_framework.runtime.closing import close
from functions_framework.runtime.crossing import run_in_thread, wait_for
from functions_framework.runtime.escaping import own_logger

from ..streams import Threaded
from ..wsgi.environ import TWICE, attribute_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import (
        ASGIMessage,
        Environ,
        InputStream,
        Receive,
        Scope,
        SyncHost,
    )
    from functions_framework.model.message import Reply
    from functions_framework.runtime.threads import Threads


_log = own_logger("functions_framework.hosts")


class Bridge:
    """The endpoint of a function that a sync host serves.

    Args:
        function: the function, for who asks.
        host: answers an environ.
        threads: where calls run.
    """

    def __init__(self, function: Function, host: SyncHost, threads: Threads) -> None:
        self.function = function
        self._host = host
        self._threads = threads
        self._reads = function.signature is not Signature.HTTP

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request in a thread."""
        loop = asyncio.get_running_loop()
        body = BlockingBody(receive, loop)
        if self._reads and scope["method"] == "POST":
            await body.begin()
        environ = environ_of(scope, body)
        context = copy_context()
        reply: Reply = await run_in_thread(
            self._host.respond,
            environ,
            start=self._threads.start,
            context=context,
            unwanted=_close_unsent,
        )
        # The sync host began a call of its own; what is written at its end is this one's.
        execution.set(context.get(execution))
        if isinstance(reply.body, bytes):
            return reply
        return reply._replace(body=Threaded(reply.body, self._threads.start, context))  # type: ignore[arg-type]


def _close_unsent(reply: Reply) -> None:
    """Close a stream that has begun when its deadline was over, or its client had left."""
    if isinstance(reply.body, bytes):
        return
    try:
        close(None, reply.body)
    except Exception:  # noqa: BLE001 - logged
        _log.exception("Closing the response's body failed.")


class BlockingBody:
    """A request's body for a thread to read while it arrives on the event loop."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._loop = loop
        self._buffer = b""
        self._is_complete = False
        self._begun: ASGIMessage | Exception | None = None

    async def begin(self) -> None:
        """Wait for the first piece on the loop: a thread that asks for it costs two turns more."""
        try:
            self._begun = await self._receive()
        except Exception as error:  # noqa: BLE001 - raised again where the body is read
            self._begun = error

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, all that is left when negative or None.

        Raises:
            MalformedRequest: the client left before its body was complete.
        """
        pieces = [self._buffer]
        found = len(self._buffer)
        while (size is None or size < 0 or found < size) and not self._is_complete:
            pieces.append(self._fetch())
            found += len(pieces[-1])
        whole = b"".join(pieces)
        wanted = found if size is None or size < 0 else size
        taken, self._buffer = whole[:wanted], whole[wanted:]
        return taken

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to and with the next newline, at most `size` bytes."""
        while b"\n" not in self._buffer and not self._is_complete:
            self._buffer += self._fetch()
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        return self.read(end if size is None or size < 0 else min(end, size))

    def readlines(self, hint: int | None = None) -> list[bytes]:  # noqa: ARG002 - PEP 3333's form
        """Read all lines."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _fetch(self) -> bytes:
        message, self._begun = self._begun, None
        if message is None:
            message = wait_for(self._receive, self._loop)
        if isinstance(message, Exception):
            raise message
        if message["type"] == "http.disconnect":
            self._is_complete = True
            raise MalformedRequest("The request body broke off before it was complete.")
        self._is_complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece


def environ_of(scope: Scope, body: InputStream) -> Environ:
    """A scope as PEP 3333 wants it; repeated headers are joined as RFC 9110 section 5.3 says."""
    server = scope.get("server")
    # A Unix domain socket has a path and no port.
    host, port = server if server and server[1] else ("localhost", 80)
    path, raw_uri = _paths_of(scope)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": raw_uri,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        key = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
            if name[:3] == "CE_":
                environ[TWICE] = attribute_of(key)
        environ[key] = value
    if DEADLINE in scope:
        environ[DEADLINE] = scope[DEADLINE]
    return environ


def _paths_of(scope: Scope) -> tuple[str, str]:
    """The decoded path and the target as it came, of bytes as latin-1 text (PEP 3333)."""
    path: str = scope["path"]
    query: bytes = scope["query_string"]
    raw: bytes | None = scope.get("raw_path")
    decoded = path.encode() if raw is None else unquote_to_bytes(raw)
    if raw is None or decoded.decode("utf-8", "replace") != path:
        # A part of the path was taken away.
        decoded, raw = path.encode(), quote(path, safe=PATH_CHARACTERS).encode()
    target = raw + b"?" + query if query else raw
    return decoded.decode("latin-1"), target.decode("latin-1")
