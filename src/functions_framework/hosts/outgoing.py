"""What every reply must be to be sent, whoever made it: the one gate on the way out.

The server, the clients for tests and the ASGI applications send what `checked` gives them. What a
host answers itself, and what another server demands, is not decided here.

============================  ==============================================================
of a reply                    what is sent
==============================  ============================================================
status outside 200 to 999     a crash: a 1xx isn't a response (RFC 9110, section 15.2)
HEAD, 204, 205, 304           no content, whatever was given (RFC 9110, 9.3.2, 15.3.5, 15.3.6,
                              15.4.5); a stream is not begun, and closed when that was sent
Content-Length, whole body    the body's own
Content-Length, stream        held to: a stream that is longer or shorter breaks off; 0 is not told
fields of the connection      left out, with a warning once for each function (RFC 9110, 7.6.1);
                              Upgrade stays with a 426
a name or value that no       a crash whose record names the field (RFC 9110, 5.1, 5.5)
field can have
text beyond ASCII             the bytes it stands for in latin-1, as PEP 3333 and ASGI mean it; a
                              crash where they are not UTF-8 and the engine's sync side sends
============================  ==============================================================
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, MutableMapping
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.logs import log_crash
from functions_framework.model.execution import execution
from functions_framework.model.message import NO_CONTENT, NO_LENGTH, Easy, Headers, Reply
from functions_framework.runtime.escaping import own_logger
from functions_framework.signatures.responses import Lasting, instead

from .errors import CRASH_REPLY
from .lengths import AsyncHeld, Held
from .quick_looks import are_easy, are_expected, servers_name
from .wsgi.environ import path_of

if TYPE_CHECKING:
    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Scope, WithPath

_log = own_logger("functions_framework.hosts")

MOST_FIELDS = 1000
"""Header fields of one reply; the engine aborts the process at some 24,000."""

_LARGEST_HEAD = 2**20
"""Bytes of the names and values together."""

_ORDINARY = frozenset({200, 201, 202, 400, 401, 403, 404, 405, 422, 429, 500, 503})
_NEVER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_UPGRADE_REQUIRED = 426
_WHOLE = frozenset({bytes, Lasting})
_told: list[Function | None] = []


class Passed(Reply):
    """A reply that was looked at; it is not looked at again."""

    __slots__ = ()


def passed(
    reply: Reply, method: str, request: Scope | WithPath, *, is_text_only: bool = False
) -> Reply:
    """The reply as it is sent; the same one where nothing is to be done.

    What cannot be sent is logged as a crash and answered as one. Whoever sends it closes its body
    afterwards, a `Lasting` one too.

    Args:
        reply: what a host answered.
        method: of the request, as it came.
        request: its environ, its ASGI scope or the engine's own; read for a record.
        is_text_only: whether values must be UTF-8 (the engine's sync side), as of environs.

    Returns:
        A reply whose header values stand for bytes, without a Content-Length of a whole body.

    Raises:
        RequestTimeoutException: the deadline of a call came meanwhile.
    """
    try:
        if method != "HEAD" and (
            type(reply) is Easy
            or (
                type(reply[2]) in _WHOLE  # by number: asking for fields takes longer
                and reply[0] in _ORDINARY
                and (are_expected(reply[1]) or are_easy(reply[1]))
            )
        ):
            return reply
    except (TypeError, ValueError):
        pass  # a status or header of another kind: looked at below
    try:
        return checked(reply, method, is_text_only=is_text_only or _is_environ(request))
    except RequestTimeoutException:
        raise
    except Exception as error:  # noqa: BLE001 - logged
        # Whatever made it has returned: where it failed here says nothing.
        log_crash(error.with_traceback(None), method=method, path=_path(request))
        return checked(_crash_instead_of(reply), method)


def checked(reply: Reply, method: str, *, is_text_only: bool = True) -> Reply:
    """What `passed` gives, for a reply that is known to be fit or whose fault is to be seen.

    Raises:
        ValueError, TypeError: it cannot be sent; the text says why, and names the header at fault.
        Exception: whatever the parts of the reply raise when they are read.
    """
    if isinstance(reply, Passed):
        return reply
    status = _status(reply.status)
    is_upgrade = status == _UPGRADE_REQUIRED
    headers, lengths = _sorted(reply.headers, is_text_only=is_text_only, is_upgrade=is_upgrade)
    body: Any = reply.body
    is_whole = isinstance(body, (bytes, bytearray, memoryview))
    if status in NO_CONTENT:
        return Passed(status, headers, instead(b"", body))
    if method == "HEAD":
        length = len(body) if is_whole and body else _declared(lengths)
        if length is not None:
            headers.append(("content-length", str(length)))
        return Passed(status, headers, instead(b"", body))
    if is_whole:
        return Passed(status, headers, body if type(body) is Lasting else bytes(body))
    length = _declared(lengths)
    if length is None:
        return Passed(status, headers, body)
    if length:  # with none, the engine would not ask whether there is something after all
        headers.append(("content-length", str(length)))
    held = AsyncHeld if isinstance(body, AsyncIterable) else Held
    return Passed(status, headers, held(body, length))


def _crash_instead_of(reply: Reply) -> Reply:
    text: bytes = CRASH_REPLY.body  # type: ignore[assignment]
    return CRASH_REPLY._replace(body=instead(text, reply.body))


def _is_environ(request: Scope | WithPath) -> bool:
    return isinstance(request, MutableMapping) and "PATH_INFO" in request


def _path(request: Scope | WithPath) -> str:
    if not isinstance(request, MutableMapping):
        return str(request.path)
    return path_of(request) if "PATH_INFO" in request else str(request["path"])  # type: ignore[arg-type]


def with_length(reply: Reply, method: str) -> Headers:
    """The headers of a reply that was checked, with the Content-Length that the engine adds."""
    status, headers, body = reply
    if method == "HEAD" or status in NO_LENGTH or not isinstance(body, bytes):
        return headers
    return [*headers, ("content-length", str(len(body)))]


def _status(status: object) -> int:
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 999:
        raise ValueError(f"The reply's status is {status!r}: expected one from 200 to 999.")
    return int(status)


def _sorted(given: Headers, *, is_text_only: bool, is_upgrade: bool) -> tuple[Headers, list[Any]]:
    """The fields to be sent, and the lengths that were declared."""
    headers: Headers = []
    lengths: list[Any] = []
    dropped: list[tuple[str, Any]] = []
    size = 0
    for name, value in given:
        servers = servers_name(name)
        if not servers:
            text = _value(name, value, is_text_only=is_text_only)
            size += len(name) + len(text)
            headers.append((name, text))
        elif servers == "content-length":
            lengths.append(value)
        elif is_upgrade and servers == "upgrade":  # it belongs to this status (15.5.22)
            headers += [("connection", "upgrade"), (name, value)]
        else:
            dropped.append((servers, value))
    if len(headers) > MOST_FIELDS or size > _LARGEST_HEAD:
        raise ValueError(
            f"The reply has {len(headers)} headers of {size} characters: expected at most "
            f"{MOST_FIELDS} of {_LARGEST_HEAD}."
        )
    return (_without(headers, dropped) if dropped else headers), lengths


def _value(name: str, value: object, *, is_text_only: bool) -> str:
    """A field's value as the engine takes it; its sync side sends a text as UTF-8, nothing else."""
    if not isinstance(value, str):
        raise TypeError(
            f"The value of the header {name!r} is of type {type(value).__name__}: expected a str."
        )
    if _NEVER.search(value):
        raise ValueError(f"The value of the header {name!r} holds a control character.")
    text: str = value.strip(" \t")
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode(errors="strict" if is_text_only else "surrogateescape")
    except UnicodeError:
        raise ValueError(
            f"The value of the header {name!r} is not ASCII: expected "
            f"{'UTF-8 bytes as ' * is_text_only}latin-1 text (PEP 3333), or ASCII as RFC 8187 "
            "writes other text."
        ) from None


def _without(headers: Headers, dropped: list[tuple[str, Any]]) -> Headers:
    """Leave out what a `Connection` field named as well (RFC 9110, section 7.6.1)."""
    names = ",".join(str(value) for name, value in dropped if name == "connection")
    named = {name.strip().lower() for name in names.split(",")} - {"close", "keep-alive", ""}
    left_out = sorted({name for name, _ in dropped} | named)
    running = execution.get()
    function = None if running is None else running.function
    if not any(known is function for known in _told):
        _told.append(function)
        _log.warning(
            "%s sets headers that belong to the connection: %s. They are left out, from now on "
            "without a word (RFC 9110, section 7.6.1).",
            "The server" if function is None else function.name,
            ", ".join(left_out),
        )
    return [pair for pair in headers if pair[0].lower() not in named]


def _declared(lengths: list[Any]) -> int | None:
    """The length that was declared, None for none.

    Raises:
        ValueError: it isn't a valid number, or there are two.
    """
    if not lengths:
        return None
    texts = {part.strip() for value in lengths for part in str(value).split(",")}
    text = texts.pop()
    if texts or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(f"The value of the header 'Content-Length' is {lengths!r}: no length.")
    return int(text)
