"""From a reply to what the host of Azure Functions takes for an invocation's result.

The host reads `Outputs`, `ReturnValue` and `Logs` of a 2xx response only; any other status fails
the invocation. Text in `ReturnValue` that happens to be base64 it takes for bytes (issue 8352 of
the host): so such text goes as base64 of itself, and bytes go as base64 as well.

Source: Azure Functions, "Custom handlers", response payload.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from functions_framework.events.replies import sent_in
from functions_framework.exceptions import MalformedRequest
from functions_framework.model.function import Function, Signature
from functions_framework.model.json_text import decode_json, is_json
from functions_framework.model.message import JSON, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEMBERS = frozenset({"Outputs", "ReturnValue", "Logs"})
_EVENTS = frozenset({Signature.EVENT, Signature.CLOUDEVENT})


class UnsayableReplyError(ValueError):
    """A reply that the host cannot be told in an invocation's result."""


def result_of(reply: Reply, function: Function, logs: Sequence[str]) -> Reply:
    """The result of an invocation whose function answered with a 2xx, with its whole body.

    Args:
        reply: the function's.
        function: the function.
        logs: the lines it wrote.
    """
    given: dict[str, Any] = {}
    if function.signature in _EVENTS:
        value = _events_in(reply)
    else:
        given = _own_result(reply)
        value = None if given else _returned(_bytes(reply))
    said = given.get("Logs")
    found = {
        "Outputs": given.get("Outputs") or {},
        "Logs": [*(map(str, said) if isinstance(said, list) else ()), *logs],
        "ReturnValue": given.get("ReturnValue", value),
    }
    return Reply(200, [JSON], json.dumps(found).encode())


def http_result(reply: Reply, logs: Sequence[str]) -> Reply:
    """The result of an invocation by an HTTP request.

    The response is both the output `res` and the value returned: which of them counts is up to the
    name of the output in `function.json`.

    Raises:
        UnsayableReplyError: it has a body that isn't text, or several cookies.
    """
    headers: dict[str, str] = {}
    for name, value in reply.headers:
        key = name.lower()
        if key in headers and key == "set-cookie":
            raise UnsayableReplyError("more than one cookie")
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    try:
        body = _bytes(reply).decode()
    except UnicodeDecodeError:
        raise UnsayableReplyError("a body that isn't text") from None
    status = str(reply.status)
    response = {"statusCode": status, "status": status, "headers": headers, "body": body}
    found = {"Outputs": {"res": response}, "Logs": [*logs], "ReturnValue": response}
    return Reply(200, [JSON], json.dumps(found).encode())


def _bytes(reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else b""


def _events_in(reply: Reply) -> str | None:
    """The event that the function returned, or the list of them, in the JSON format."""
    found = sent_in(reply)
    if not found:
        return None
    kind = dict(reply.headers).get("content-type", "")
    return f"[{found.decode()}]" if "batch" in kind else found.decode()


def _own_result(reply: Reply) -> dict[str, Any]:
    """A result that the function has made itself, empty for any other."""
    headers = {name.lower(): value for name, value in reply.headers}
    if not is_json(headers.get("content-type")):
        return {}
    try:
        found = decode_json(_bytes(reply))
    except MalformedRequest:
        return {}
    is_result = isinstance(found, dict) and found and found.keys() <= _MEMBERS
    return found if is_result else {}


def _returned(body: bytes) -> str | None:
    if not body:
        return None
    try:
        text = body.decode()
        base64.b64decode("".join(text.split()), validate=True)
    except UnicodeDecodeError:
        pass
    except (binascii.Error, ValueError):
        return text
    return base64.b64encode(body).decode()
