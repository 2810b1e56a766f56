"""HTTP requests as API Gateway, function URLs and load balancers hand them to Lambda.

What arrives decoded and what does not differs, and nothing in the payload says so:

====================================  ==================  ==========================
sender                                path                query parameters
====================================  ==================  ==========================
REST API (format 1.0, no `version`)   as it was sent      decoded
HTTP API, format 1.0 (`version`)      decoded             decoded
HTTP API, format 2.0                  decoded             `rawQueryString`, as sent
function URL (format 2.0)             as it was sent      `rawQueryString`, as sent
load balancer                         as it was sent      as they were sent
====================================  ==================  ==========================

Sources: API Gateway developer guide, "Lambda proxy integrations" of REST and of HTTP APIs; Lambda
developer guide, "Invoking function URLs"; Application Load Balancers, "Lambda functions as
targets"; of paths, captures of live APIs that their users published.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from functions_framework.exceptions import InvalidPayload
from functions_framework.model.fields import PATH_CHARACTERS, merged

from .roots import root_of
from .shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

Payload = dict[str, Any]

_is_plain = re.compile(r"[A-Za-z0-9/_.~-]+").fullmatch
_ENCODED = f"{PATH_CHARACTERS}%"


class Incoming(NamedTuple):
    """A request before a host takes it.

    Attributes:
        method: the HTTP method.
        path: decoded, as text, without `root`.
        target: the same percent-encoded.
        root: what stands before it and isn't the function's business: a stage, a base path.
        query: percent-encoded, without `?`.
        fields: header fields by lower-case name.
        body: the whole body.
        client: the address of who sent it, empty where unknown.
        protocol: such as `HTTP/1.1`.
    """

    method: str
    path: str
    target: str
    root: str
    query: str
    fields: dict[str, str]
    body: bytes
    client: str
    protocol: str = "HTTP/1.1"


def incoming_of(payload: Payload, shape: Shape) -> Incoming:
    """Read a request.

    Args:
        payload: what Lambda handed over.
        shape: of HTTP.

    Raises:
        InvalidPayload: it lacks what such a request has.
    """
    try:
        found = _READERS[shape](payload)
        # Only texts can be joined: the quickest look at all of them.
        texts = (found.method, found.path, found.query, found.client, found.protocol)
        "".join((*texts, *found.fields.values()))
    except KeyError as error:
        raise InvalidPayload(f"A {shape.value} has {error.args[0]!r}, and this has not.") from None
    except (AttributeError, TypeError, ValueError):
        raise InvalidPayload(
            f"A {shape.value} has other values than this: its headers and parameters are objects "
            "of text, its body is text."
        ) from None
    return found


def _of_http_2(payload: Payload) -> Incoming:
    context = payload["requestContext"]
    http = context["http"]
    fields = _lowered(payload.get("headers"))
    cookies = payload.get("cookies")
    if cookies:
        fields["cookie"] = "; ".join(cookies)
    domain = context.get("domainName") or "localhost"
    fields.setdefault("host", domain)
    raw = payload["rawPath"]
    path, target = _as_sent(raw) if ".lambda-url." in domain else _as_decoded(raw)
    root, path, target = root_of(payload, path, target)
    query = payload.get("rawQueryString")
    if query is None:  # of those who play the service
        query = _encoded(payload.get("queryStringParameters"))
    return Incoming(
        http["method"],
        path,
        target,
        root,
        query,
        fields,
        _body(payload),
        http.get("sourceIp") or "",
        http.get("protocol") or "HTTP/1.1",
    )


def _of_http_1(payload: Payload) -> Incoming:
    context = payload.get("requestContext") or {}
    fields = _fields(payload)
    fields.setdefault("host", context.get("domainName") or "localhost")
    # Only HTTP APIs name the version of their format.
    path, target = (_as_decoded if "version" in payload else _as_sent)(payload["path"])
    root, path, target = root_of(payload, path, target)
    parameters = payload.get("multiValueQueryStringParameters")
    return Incoming(
        payload["httpMethod"],
        path,
        target,
        root,
        _encoded(parameters or payload.get("queryStringParameters")),
        fields,
        _body(payload),
        (context.get("identity") or {}).get("sourceIp") or "",
        context.get("protocol") or "HTTP/1.1",
    )


def _of_alb(payload: Payload) -> Incoming:
    fields = _fields(payload)
    fields.setdefault("host", "localhost")
    path, target = _as_sent(payload["path"])
    parameters = payload.get("multiValueQueryStringParameters")
    # The balancer appends the address that it saw itself.
    client = fields.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return Incoming(
        payload["httpMethod"],
        path,
        target,
        "",
        _joined(parameters or payload.get("queryStringParameters")),
        fields,
        _body(payload),
        client,
    )


_READERS: dict[Shape, Callable[[Payload], Incoming]] = {
    Shape.HTTP_1: _of_http_1,
    Shape.HTTP_2: _of_http_2,
    Shape.ALB: _of_alb,
}


def _lowered(headers: dict[str, str] | None) -> dict[str, str]:
    found = {name.lower(): value for name, value in headers.items()} if headers else {}
    "".join(found.values())  # a TypeError for what isn't text
    return found


def _fields(payload: Payload) -> dict[str, str]:
    """Of format 1.0 and load balancers: each value of a field, where there are several."""
    several = payload.get("multiValueHeaders")
    if not several:
        return _lowered(payload.get("headers"))
    return merged([(name.lower(), value) for name, values in several.items() for value in values])


def _as_sent(raw: str) -> tuple[str, str]:
    """A path that came percent-encoded: as text, and encoded."""
    if _is_plain(raw):
        return raw, raw
    raw = raw or "/"
    return unquote(raw), quote(raw, safe=_ENCODED)


def _as_decoded(raw: str) -> tuple[str, str]:
    """A path that came decoded: a `%` in it is a percent sign."""
    if _is_plain(raw):
        return raw, raw
    raw = raw or "/"
    return raw, quote(raw, safe=PATH_CHARACTERS)


def _encoded(parameters: dict[str, Any] | None) -> str:
    """The query string of decoded parameters."""
    return urlencode(parameters, doseq=True) if parameters else ""


def _joined(parameters: dict[str, Any] | None) -> str:
    """The query string of parameters that are encoded still."""
    pairs = [
        f"{name}={value}"
        for name, values in (parameters or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return "&".join(pairs)


def _body(payload: Payload) -> bytes:
    body: str = payload.get("body") or ""
    return b64decode(body) if payload.get("isBase64Encoded") else body.encode()
