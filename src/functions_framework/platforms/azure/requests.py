"""From an invocation to the request that its function is to answer, by what the function takes."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from functions_framework.events.binding import BATCH_TYPE, STRUCTURED_TYPE
from functions_framework.exceptions import MalformedRequest
from functions_framework.hosts.layers import Instead
from functions_framework.hosts.senders import AZURE_RETRIES
from functions_framework.model.execution import EXECUTION_ID
from functions_framework.model.function import Function, Signature
from functions_framework.model.json_text import JSON_TYPE, media_type
from functions_framework.model.request import Request

from .triggers import events_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.message import Headers

    from .invocation import Invocation

_OF_BODY = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding"})
_OF_FRAMING = frozenset({"content-length", "transfer-encoding", EXECUTION_ID.lower()})
_EVENTS = frozenset({Signature.EVENT, Signature.CLOUDEVENT})


def is_http(invocation: Invocation) -> bool:
    """Whether an HTTP request triggered the function, which the host did not send on as it was."""
    value = invocation.value
    return isinstance(value, dict) and isinstance(value.get("Url"), str) and "Method" in value


def request_of(
    function: Function,
    invocation: Invocation,
    pairs: Headers,
    owner: Callable[[str], Function | None],
) -> Instead | None:
    """What the function is to answer, None for the invocation as it came.

    Args:
        function: the function.
        invocation: what triggered it.
        pairs: the header fields of the invocation's own request.
        owner: whose a path is.

    Raises:
        RequestRefused: the function cannot take it.
    """
    if is_http(invocation):
        found = _http_request(invocation)
        if owner(found.request.path) is not function:  # below `api`, say: nobody else's then
            return found._replace(request=found.request._replace(path=_path(invocation)))
        return found
    if function.protocol or function.signature is Signature.HTTP:
        return None
    if function.signature in _EVENTS:
        value: Any = events_of(invocation)
        kind = BATCH_TYPE if isinstance(value, list) else STRUCTURED_TYPE
    else:
        value, kind = _value_of(invocation), JSON_TYPE
    headers = [pair for pair in pairs if pair[0] not in _OF_BODY]
    headers += [("content-type", kind)]
    if invocation.retries is not None:
        headers.append((AZURE_RETRIES, str(invocation.retries)))
    body = json.dumps(value).encode()
    return Instead(Request("POST", _path(invocation), "", (*headers, *_named(invocation)), body))


def _value_of(invocation: Invocation) -> Any:
    """What a typed function is given: the JSON value that the trigger's text holds, else itself."""
    content = invocation.content
    if isinstance(content, bytes):
        raise MalformedRequest(
            "The trigger gives bytes, and a typed function takes a JSON value. Take dataType: "
            "binary out of its function.json."
        )
    try:
        return json.loads(content) if isinstance(content, str) else content
    except (ValueError, RecursionError):
        return content


def _http_request(invocation: Invocation) -> Instead:
    value = invocation.value
    parts = urlsplit(value["Url"])
    sent = value.get("Headers")
    headers = [
        (str(name).lower(), str(item))
        for name, items in (sent.items() if isinstance(sent, dict) else ())
        for item in (items if isinstance(items, list) else [items])
    ]
    request = Request(
        str(value["Method"]).upper(),
        parts.path or "/",
        parts.query,
        (*(pair for pair in headers if pair[0] not in _OF_FRAMING), *_named(invocation)),
        _body(value.get("Body"), dict(headers).get("content-type", "")),
    )
    return Instead(request, parts.scheme)


def _body(body: Any, content_type: str) -> bytes:
    """The bytes of an HTTP request's body: of what the host takes for binary it sends base64."""
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    kind = media_type(content_type)
    if kind == "application/octet-stream" or kind.startswith("multipart/"):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            pass  # as text, then
    return body.encode("utf-8", "surrogatepass")


def _path(invocation: Invocation) -> str:
    return f"/{invocation.function}"


def _named(invocation: Invocation) -> Headers:
    """The field that makes the invocation's id that of the call."""
    return [(EXECUTION_ID.lower(), invocation.id)]
