"""Serves a sync host from an event loop: a thread for the call, a WSGI environ for the scope."""

from __future__ import annotations

import asyncio
import sys
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.execution import DEADLINE, execution
from functions_framework.model.fields import PATH_CHARACTERS, as_text
from functions_framework.model.function import Signature
from functions_framework.model.message import COMMON_FIELDS
from functions_framework.runtime.cancelling import is_told
from functions_framework.runtime.closing import close
from functions_framework.runtime.crossing import run_in_thread, wait_for
from functions_framework.runtime.escaping import own_logger
from functions_framework.signatures.responses import Lasting

from ..errors import CRASH_REPLY
from ..streams import Threaded
from ..wsgi.environ import EXECUTION_ID_KEY, TWICE, attribute_of, variable_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
_NO_PORT = frozenset({None, 0, "0"})


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
        running = execution.get()
        if running is not None and not environ.get(EXECUTION_ID_KEY):
            environ[EXECUTION_ID_KEY] = running.execution_id
        context = copy_context()
        reply: Reply = await run_in_thread(
            self._answer,
            environ,
            start=self._threads.start,
            context=context,
            unwanted=_close_unsent,
        )
        # The sync host began a call of its own; what is written at its end is this one's.
        execution.set(context.get(execution))
        given: Any = reply.body
        if type(given) is bytes:
            return reply
        threaded = Threaded(given, self._threads.start, context)
        is_whole = isinstance(given, bytes)
        return reply._replace(body=Lasting.of(given, threaded) if is_whole else threaded)

    def _answer(self, environ: Environ) -> Reply:
        """Have the sync host answer; a call that was ended while it waited has no crash to tell.

        Raises:
            CancelledError: as its task was told to end.
        """
        reply = self._host.respond(environ)
        if reply is CRASH_REPLY and is_told():
            raise asyncio.CancelledError
        return reply


def _close_unsent(reply: Reply) -> None:
    """Close a stream that has begun when its deadline was over, or its client had left."""
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


# Looked up, a name takes less than being made.
_KEYS = {name: variable_of(name) for name in COMMON_FIELDS}


def environ_of(scope: Scope, body: InputStream) -> Environ:
    """A scope as PEP 3333 wants it; repeated headers are joined as RFC 9110 section 5.3 says."""
    fields: dict[str, str] | None = getattr(scope, "by_name", None)
    scope = _plain(scope)
    server = scope.get("server")
    # A Unix domain socket has a path and no port.
    host, port = server if server and server[1] not in _NO_PORT else ("localhost", 80)
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
    headers = scope["headers"]
    if fields is None or len(fields) < len(headers):  # one came twice
        _add(as_text(headers), environ)
    else:
        _add(fields.items(), environ)
    if DEADLINE in scope:
        environ[DEADLINE] = scope[DEADLINE]
    return environ


def _add(headers: Iterable[tuple[str, str]], environ: Environ) -> None:
    for name, value in headers:
        key = _KEYS[name] if name in _KEYS else variable_of(name)
        if key not in environ:
            environ[key] = value
            continue
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        if key[:8] == "HTTP_CE_":
            environ[TWICE] = attribute_of(key)


def _plain(scope: Scope) -> Scope:
    """A scope whose parts are there: the server's own makes each when it is asked for."""
    given: Scope | None = getattr(scope, "given", None)
    if given is None:
        return scope
    plain = dict(given)
    plain.update(dict.items(scope))  # type: ignore[arg-type]  # those that were asked for, or set
    return plain


def _paths_of(scope: Scope) -> tuple[str, str]:
    """The decoded path and the target as it came, of bytes as latin-1 text (PEP 3333)."""
    path: str = scope["path"]
    query: bytes = scope["query_string"]
    raw: bytes | None = scope.get("raw_path")
    if raw is not None and b"%" not in raw and raw == path.encode() and path.isascii():
        return path, f"{path}?{query.decode('latin-1')}" if query else path
    decoded = path.encode() if raw is None else unquote_to_bytes(raw)
    if raw is None or decoded.decode("utf-8", "replace") != path:
        # A part of the path was taken away.
        decoded, raw = path.encode(), quote(path, safe=PATH_CHARACTERS).encode()
    target = raw + b"?" + query if query else raw
    return decoded.decode("latin-1"), target.decode("latin-1")
