"""Requests from what a test or a command line says: a path with parts, an event, a value."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from functions_framework.model.request import Request

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent
    from typing_extensions import TypedDict

    Deliverable = CloudEvent | Mapping[str, Any] | Sequence[CloudEvent | Mapping[str, Any]]
    Query = str | Mapping[str, Any] | Sequence[tuple[str, str]]

    class Parts(TypedDict, total=False):
        """What a request may be given beside its path; see `request_of`."""

        json: Any
        data: str | bytes | Mapping[str, Any] | None
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None
        query: Query | None


EventMode = Literal["binary", "structured"]

_UNSET: Any = object()


def request_of(  # noqa: PLR0913 - what a request has
    method: str,
    path: str = "/",
    *,
    json: object = _UNSET,
    data: str | bytes | Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    query: Query | None = None,
) -> Request:
    """Make a request.

    Args:
        method: the HTTP method.
        path: the URL's path, with a query string if you like.
        json: a value to send as JSON.
        data: the body instead: bytes as they are, text as UTF-8, a mapping as a form.
        headers: names and values.
        query: text, a mapping (a list gives a repeated name), or pairs.

    Raises:
        ValueError: the path does not start with `/`, there are two bodies, or a header holds a line
            break.
        TypeError: a header or the body is of another type.
    """
    if not path.startswith("/"):
        raise ValueError(f"A path starts with '/', found {path!r}.")
    if json is not _UNSET and data is not None:
        raise ValueError("A request has one body: give json or data, not both.")
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    for name, value in pairs:
        _check_header(name, value)
    body, kind = _content(json, data)
    if kind and not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("content-type", kind))
    path, _, inline = path.partition("?")
    asked = query if isinstance(query, str) else urlencode(query or (), doseq=True)
    return Request(
        method.upper(), path, "&".join(filter(None, (inline, asked))), tuple(pairs), body
    )


def _check_header(name: object, value: object) -> None:
    """Refuse what no client could send."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"A header is a name and a text, found {name!r}: {value!r}.")
    if not name or set("\r\n\0") & set(name + value):
        raise ValueError(f"A header is one line with a name, found {name!r}: {value!r}.")


def _content(json: Any, data: Any) -> tuple[bytes, str | None]:
    """The body, and the media type it has where nobody names one."""
    if json is not _UNSET:
        return json_module.dumps(json).encode(), "application/json"
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"
    if isinstance(data, str):
        return data.encode(), "text/plain; charset=utf-8"
    if not isinstance(data, (bytes, bytearray, memoryview, type(None))):
        raise TypeError(
            f"data is bytes, text, or a mapping that is sent as a form, found {data!r}. "
            "Give a JSON value as json."
        )
    return bytes(data or b""), None


def event_request(event: Deliverable, mode: EventMode = "binary") -> Request:
    """Make the request that delivers an event, or several as one batch.

    Args:
        event: a `cloudevents.http.CloudEvent`; or the JSON object of a background event, of a
            Pub/Sub push or of a structured CloudEvent; or a list of CloudEvents of both kinds.
        mode: how a CloudEvent is sent.

    Raises:
        ValueError: the event cannot be sent like this.
        TypeError: it isn't an event.
    """
    from cloudevents.http import CloudEvent

    from functions_framework.events import cloudevents

    if isinstance(event, CloudEvent):
        if mode not in {"binary", "structured"}:
            raise ValueError(f"mode is 'binary' or 'structured', found {mode!r}.")
        encode = cloudevents.encode_binary if mode == "binary" else cloudevents.encode_structured
        headers, body = encode(event)
        return Request("POST", headers=tuple(headers), body=body)
    if isinstance(event, Mapping):
        kind = "application/cloudevents+json" if "specversion" in event else "application/json"
        return request_of("POST", json=dict(event), headers={"content-type": kind})
    if isinstance(event, (list, tuple)):
        return batch_request(event)
    raise TypeError(
        "An event is a cloudevents.http.CloudEvent or a dict, several are a list of them; found "
        f"{type(event).__name__}."
    )


def batch_request(events: Sequence[CloudEvent | Mapping[str, Any]]) -> Request:
    """Make the request that delivers CloudEvents as one batch; a dict goes as it is.

    Raises:
        ValueError: one of the events cannot be sent.
        TypeError: one of them is neither a CloudEvent nor a dict.
    """
    from cloudevents.http import CloudEvent

    from functions_framework.events import cloudevents
    from functions_framework.events.binding import BATCH_TYPE

    members = []
    for event in events:
        if isinstance(event, CloudEvent):
            members.append(cloudevents.encode_structured(event)[1].decode())
        elif isinstance(event, Mapping):
            members.append(json_module.dumps(dict(event)))
        else:
            raise TypeError(f"A batch holds CloudEvents or dicts, found {type(event).__name__}.")
    body = f"[{','.join(members)}]".encode()
    return Request("POST", headers=(("content-type", BATCH_TYPE),), body=body)


def value_request(value: Any) -> Request:
    """Make the request that hands a value to a typed function, as JSON.

    Args:
        value: what JSON holds, a dataclass, attrs, msgspec or pydantic object, or one with
            `to_dict`.

    Raises:
        TypeError: the value has no JSON form.
    """
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict):
        return request_of("POST", json=to_dict())
    if hasattr(type(value), "model_dump_json"):
        body = value.model_dump_json(by_alias=True).encode()
    else:
        from functions_framework.signatures.types import msgspec_type

        body = msgspec_type.write_json(value)
    return request_of("POST", data=body, headers={"content-type": "application/json"})
