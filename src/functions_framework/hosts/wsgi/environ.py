"""The WSGI side shared by both sync hosts (PEP 3333): reading an environ, sending a reply.

No web library is imported here; `event_host` serves with this alone, `flask_app` adds Flask.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from functions_framework.exceptions import MalformedRequest, RequestRefused
from functions_framework.model.execution import (
    DEADLINE,
    EXECUTION_ID,
    FIRST,
    Execution,
    Received,
    execution,
    new_execution_id,
    take_first,
)
from functions_framework.model.fields import REPEATED, encoded_query, merged, sent_bytes
from functions_framework.model.message import (
    COMMON_FIELDS,
    CORE_ATTRIBUTES,
    NO_LENGTH,
    Message,
    Reply,
    tuple_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Environ, StartResponse
    from functions_framework.model.request import Request

CHUNK = 1 << 16
ON_UNIX_SOCKET = "functions_framework.on_unix_socket"
"""In an environ whose request came by a Unix domain socket, from a client without an address."""
SERVED = "functions_framework.served"
"""In the environ of our server: it gives an empty value for a header that is not ASCII, and a body
that is held to its length when it is read."""

TWICE = "functions_framework.HTTP_CE_"
"""In an environ with a `ce-` header that came more than once: the attribute it is of."""

_NOT_PREFIXED = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE"})
_MAY_BE_ABSENT = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
# What is the request's in an environ, and what libraries keep of it there.
_OF_REQUEST = ("HTTP_", "CONTENT_", "functions_framework.HTTP_", "flask.", "werkzeug.")
EXECUTION_ID_KEY = f"HTTP_{EXECUTION_ID.upper().replace('-', '_')}"
# Looked up, a name takes half the time of being cut and made lower-case.
_ATTRIBUTES = {f"HTTP_CE_{name.upper()}": name for name in CORE_ATTRIBUTES}
_COMMON = frozenset(f"HTTP_{name.upper().replace('-', '_')}" for name in COMMON_FIELDS) | {
    "CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REMOTE_ADDR",
    "REMOTE_PORT", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT",
    "SERVER_PROTOCOL", "SERVER_SOFTWARE", "wsgi.errors", "wsgi.file_wrapper", "wsgi.input",
    "wsgi.input_terminated", "wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once",
    "wsgi.url_scheme", "wsgi.version", ON_UNIX_SOCKET, SERVED, DEADLINE,
}  # fmt: skip
"""The names of most environs; see `COMMON_FIELDS`."""


def variable_of(name: str) -> str:
    """The name that a header has in an environ."""
    name = name.upper().replace("-", "_")
    return name if name in _NOT_PREFIXED else f"HTTP_{name}"


def header_of(environ: Environ) -> Callable[[str], str | None]:
    """What finds a header by its lower-case name."""
    return lambda name: environ.get(variable_of(name))


def begin(environ: Environ, function: Function | None) -> Execution:
    """Start a call: make the request's execution current."""
    running = Received()
    running.function = function
    # What is not there is `None` of the class's.
    if EXECUTION_ID_KEY in environ:
        running.known_id = environ[EXECUTION_ID_KEY] or None
    if "HTTP_TRACEPARENT" in environ:
        running.traceparent = environ["HTTP_TRACEPARENT"]
        running.tracestate = environ.get("HTTP_TRACESTATE")
    if "HTTP_X_CLOUD_TRACE_CONTEXT" in environ:
        running.cloud_trace = environ["HTTP_X_CLOUD_TRACE_CONTEXT"]
    if FIRST:
        running.cold_start = take_first()
    if DEADLINE in environ:
        running.deadline = environ[DEADLINE]
    execution.set(running)
    return running


def begin_seen(environ: Environ, function: Function | None) -> Execution:
    """Start a call that sees its headers: a request without an execution id is given one."""
    if not environ.get(EXECUTION_ID_KEY):
        environ[EXECUTION_ID_KEY] = new_execution_id()
    return begin(environ, function)


def message(environ: Environ, *, is_event: bool = True) -> Message:
    """Read the whole request.

    Args:
        environ: of the request.
        is_event: whether attributes of an event are looked for.

    Raises:
        MalformedRequest: the body broke off, or a header of an event is not ASCII (where the server
            can tell).
    """
    attributes = {}
    if is_event and ("HTTP_CE_ID" in environ or not _COMMON.issuperset(environ)):
        attributes = _attributes(environ)
        if SERVED in environ and not all(attributes.values()):
            from .lost_headers import refusal_of

            raise refusal_of(attributes)
    query: str = environ.get("QUERY_STRING", "")
    if not query.isascii():
        query = encoded_query(query.encode("latin-1"))
    content_type = environ.get("CONTENT_TYPE") or None
    body, path, method = read_body(environ), path_of(environ), environ["REQUEST_METHOD"]
    return tuple_of(Message, (content_type, attributes, body, path, query, method, environ))


def _attributes(environ: Environ) -> dict[str, str]:
    """The values of `ce-` headers, those that every event has first."""
    try:
        attributes = {
            "specversion": environ["HTTP_CE_SPECVERSION"],
            "id": environ["HTTP_CE_ID"],
            "source": environ["HTTP_CE_SOURCE"],
            "type": environ["HTTP_CE_TYPE"],
        }
    except KeyError:
        attributes = {}
    else:
        if _COMMON.issuperset(environ):
            if "HTTP_CE_TIME" in environ:
                attributes["time"] = environ["HTTP_CE_TIME"]
            return attributes
    for name in environ:
        # Nearly all names fail the first test, which takes a third of a prefix's time.
        if "HTTP_CE_" in name:
            if name in _ATTRIBUTES:
                attributes[_ATTRIBUTES[name]] = environ[name]
            elif name[:8] == "HTTP_CE_":
                attributes[attribute_of(name)] = environ[name]
            elif name == TWICE:
                attributes[environ[TWICE]] = REPEATED
    return attributes


def with_request(environ: Environ, request: Request, scheme: str = "") -> Environ:
    """An environ in which another request stands for the one that came.

    Args:
        environ: the request's that came.
        request: the other one.
        scheme: the other's, that of the one that came where it is empty.
    """
    made = {name: value for name, value in environ.items() if not name.startswith(_OF_REQUEST)}
    made |= {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.target,
        "QUERY_STRING": request.query,
        "wsgi.url_scheme": scheme or environ.get("wsgi.url_scheme", "http"),
        "wsgi.input": BytesIO(request.body),
        "wsgi.input_terminated": True,
    }
    for name, value in merged([(name.lower(), value) for name, value in request.headers]).items():
        made[variable_of(name)] = sent_bytes(value).decode("latin-1")
    made["CONTENT_LENGTH"] = str(len(request.body))
    return made


def attribute_of(name: str) -> str:
    """The attribute that a `ce-` header of an environ is of."""
    return name[8:].lower().replace("_", "-")


def fill(environ: Environ) -> None:
    """Add what a WSGI server may leave out (PEP 3333): what is empty, and a body's end."""
    for name in _MAY_BE_ABSENT:
        environ.setdefault(name, "")
    if not environ.get("wsgi.input_terminated"):
        from .declared import hold_to_length

        hold_to_length(environ)


def path_of(environ: Environ) -> str:
    """The path as text: PEP 3333 hands over UTF-8 bytes disguised as latin-1."""
    path: str = environ["PATH_INFO"]
    return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")


def read_body(environ: Environ) -> bytes:
    """Read the whole body.

    Raises:
        MalformedRequest: it is shorter than its Content-Length; a function must not take a part
            for the whole.
    """
    if SERVED in environ:
        return environ["wsgi.input"].read()  # type: ignore[no-any-return]
    declared = environ.get("CONTENT_LENGTH")
    length = int(declared) if declared else None
    if environ.get("wsgi.input_terminated"):
        body: bytes = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(length) if length else b""
    if length is not None and len(body) != length:
        raise MalformedRequest(
            f"The request body broke off: {length} bytes were declared, {len(body)} arrived."
        )
    return body


def drain(environ: Environ) -> None:
    """Read and drop what is left of the body, so that a client still sending gets its response.

    That it breaks off, or is too long, isn't a fault here: nobody wanted it.
    """
    if environ.get("wsgi.input_terminated"):
        read = environ["wsgi.input"].read
        with suppress(RequestRefused):
            while read(CHUNK):
                pass
    elif declared := environ.get("CONTENT_LENGTH"):
        left = int(declared)
        while left > 0 and (part := environ["wsgi.input"].read(min(left, CHUNK))):
            left -= len(part)


def send(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """Hand a reply to a WSGI server."""
    start_response(status_line(reply.status), _with_length(reply))
    if isinstance(reply.body, bytes):
        return (reply.body,)
    return Encoded(reply.body)


def _with_length(reply: Reply) -> list[tuple[str, str]]:
    """A copy of the headers with a whole body's length, which other servers do not add."""
    headers = list(reply.headers)
    if (
        isinstance(reply.body, bytes)
        and reply.status not in NO_LENGTH
        and not any(name.lower() == "content-length" for name, _ in headers)
    ):
        headers.append(("Content-Length", str(len(reply.body))))
    return headers


def code_of(status: str) -> int:
    """The code of a status line; whether it is one to be sent is decided elsewhere.

    Raises:
        ValueError: it does not begin with a number.
    """
    return int(status.partition(" ")[0])


def status_line(status: int) -> str:
    """A status with its phrase, as PEP 3333 wants it."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} UNKNOWN"


class Encoded:
    """A streamed body whose text parts are sent as UTF-8."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._parts = iter(body)

    def __iter__(self) -> Encoded:
        return self

    def __next__(self) -> bytes:
        part = next(self._parts)
        return part.encode() if isinstance(part, str) else part

    def close(self) -> None:
        """Close what is streamed: the end, or the client has left."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
