"""A request as its host takes it: a WSGI environ (PEP 3333) or an ASGI scope (ASGI 3)."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from functions_framework.model.execution import DEADLINE
from functions_framework.model.fields import PATH_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_framework.model.interfaces import Environ

    from .incoming import Incoming

EVENT = "aws.event"
"""The payload as Lambda handed it over, `requestContext` and all, in an environ or a scope."""

CONTEXT = "aws.context"
"""Lambda's context object, there as well."""

_PORTS = {"http": "80", "https": "443"}
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_EVERY: Environ = {
    "SERVER_SOFTWARE": "functions-framework",
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": False,
    "wsgi.multithread": False,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
_OWN_KEYS = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
# Names of fields come again and again; a client may send others, though.
_keys: dict[str, str] = {}
_MOST_KEYS = 1000


class Asked(NamedTuple):
    """A request, and the invoke that it belongs to.

    Attributes:
        incoming: the request.
        payload: what Lambda handed over.
        context: Lambda's own.
        deadline: of the call, in `time.monotonic()` seconds.
    """

    incoming: Incoming
    payload: Any
    context: Any
    deadline: float


def environ_of(asked: Asked) -> Environ:
    """The environ of a request."""
    incoming, payload, context, deadline = asked
    method, path, target, root, query, fields, body, client, protocol = incoming
    scheme, host, port = _server(fields)
    environ: Environ = {
        **_EVERY,
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": root if root.isascii() else _as_bytes(root),
        "PATH_INFO": path if path.isascii() else _as_bytes(path),
        "RAW_URI": _whole(root, target, query),
        "QUERY_STRING": query if query.isascii() else _as_bytes(query),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": client,
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        EVENT: payload,
        CONTEXT: context,
        DEADLINE: deadline,
    }
    for name, value in fields.items():
        environ[_keys.get(name) or _key(name)] = value if value.isascii() else _as_bytes(value)
    # Gateways change bodies, and leave the field as it was.
    if body or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    if key not in _OWN_KEYS:
        key = f"HTTP_{key}"
    if len(_keys) < _MOST_KEYS:
        _keys[name] = key
    return key


def _as_bytes(text: str) -> str:
    """Text as PEP 3333 has it: bytes disguised as latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _server(fields: dict[str, str]) -> tuple[str, str, str]:
    """The scheme, and name and port of who was asked."""
    # Where there is a chain of proxies, the first is the client's side.
    scheme = (fields.get("x-forwarded-proto") or "https").partition(",")[0]
    host = fields["host"]
    if ":" in host:
        name, _, port = host.rpartition(":")
        if port.isdecimal():
            return scheme, name, port
    port = (fields.get("x-forwarded-port") or "").partition(",")[0]
    return scheme, host, port if port.isdecimal() else _PORTS.get(scheme, "443")


def _whole(root: str, target: str, query: str) -> str:
    whole = f"{quote(root, safe=PATH_CHARACTERS)}{target}" if root else target
    return f"{whole}?{query}" if query else whole


class RequestScope(dict[str, Any]):
    """A scope whose parts need not be read again (see `hosts.asgi.scope`).

    Attributes:
        by_name: its header fields.
        query: its query string.
    """

    by_name: dict[str, str]
    query: str


def scope_of(asked: Asked, *, is_application: bool) -> RequestScope:
    """The scope of a request.

    Args:
        asked: the request.
        is_application: whether a whole application takes it: the path of ASGI begins with the
            root, which a function's own does not.
    """
    incoming, payload, context, deadline = asked
    method, path, target, root, query, fields, body, client, protocol = incoming
    if body or "content-length" in fields:
        fields["content-length"] = str(len(body))
    scheme, host, port = _server(fields)
    if is_application and root:
        path, target = f"{root}{path}", _whole(root, target, "")
    scope = RequestScope({
        "type": "http",
        "asgi": _ASGI,
        "http_version": protocol.rpartition("/")[2],
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": target.encode("latin-1", "replace"),
        "query_string": query.encode("utf-8", "surrogatepass"),
        "root_path": root,
        "headers": [
            (name.encode("latin-1", "replace"), value.encode("utf-8", "surrogatepass"))
            for name, value in fields.items()
        ],
        "client": (client, 0) if client else None,
        "server": (host, int(port)),
        EVENT: payload,
        CONTEXT: context,
        DEADLINE: deadline,
    })  # fmt: skip
    scope.by_name, scope.query = fields, query
    return scope


def further_of(fields: Mapping[str, str]) -> Environ:
    """Header fields as an environ has them."""
    return {_keys.get(name) or _key(name): value for name, value in fields.items()}
