"""Plain results as Flask would send them, without its response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.model.json_encoding import encode_flat
from functions_framework.model.message import NO_CONTENT, Easy, Reply, tuple_of

from .json_provider import JSONProvider

if TYPE_CHECKING:
    from .late_app import LateApp

_HTML = ("Content-Type", "text/html; charset=utf-8")
# Headers that Flask rewrites or merges.
_SPECIAL = frozenset({"content-type", "content-length", "location", "content-location"})


class Encoder:
    """Encodes plain results as Flask would, header for header.

    Args:
        late: the application whose JSON is written.
        default: the JSON of applications that nobody has changed.
    """

    def __init__(self, late: LateApp, default: JSONProvider) -> None:
        self._late = late
        self._default = default

    def encode(self, value: Any) -> Reply | None:
        """The reply for a plain value, None for one that needs Flask's own rules."""
        kind = type(value)
        if kind is str:
            return tuple_of(Easy, (200, [_HTML], value.encode()))
        if kind is dict or kind is list:
            return self._encode_json(value)
        if kind is bytes:
            return tuple_of(Easy, (200, [_HTML], value))
        if kind is tuple:
            return self._encode_tuple(value)
        if isinstance(value, Reply):
            return value if _is_plain_reply(value) else None
        return None

    def _encode_json(self, value: object) -> Reply | None:
        app = self._late.made
        provider = self._default if app is None else app.json
        if type(provider) is not JSONProvider or provider.compact is False:
            return None
        if app is not None and app.debug:
            return None
        body = None
        if type(value) is dict and provider.sort_keys is True and provider.ensure_ascii is True:
            body = encode_flat(value)
        if body is None:
            body = provider.dumps_compact(value).encode()
        body += b"\n"
        return tuple_of(Reply, (200, [("Content-Type", provider.mimetype)], body))

    def _encode_tuple(self, value: tuple[Any, ...]) -> Reply | None:
        if len(value) == 2:
            body, status = value
            headers = None
        elif len(value) == 3:
            body, status, headers = value
        else:
            return None
        if type(status) is not int or not 200 <= status <= 599 or status in NO_CONTENT:
            return None
        if type(body) is tuple or (headers is not None and not _is_plain(headers)):
            return None
        reply = self.encode(body)
        if reply is None:
            return None
        if headers:
            return tuple_of(Reply, (status, [*headers.items(), *reply[1]], reply[2]))
        return tuple_of(Reply, (status, reply[1], reply[2]))


def _is_plain_reply(reply: Reply) -> bool:
    """Whether Flask's response would send what an event or typed function gives as it is."""
    status, headers, body = reply
    if type(body) is not bytes or not 200 <= status <= 599 or status in NO_CONTENT:
        return False
    names = [name.lower() for name, _ in headers]
    return names.count("content-type") == 1 and len(_SPECIAL.intersection(names)) == 1


def _is_plain(headers: object) -> bool:
    if type(headers) is not dict:
        return False
    for name, value in headers.items():
        if type(name) is not str or type(value) is not str or name.lower() in _SPECIAL:
            return False
        if not value.isascii() or not value.isprintable():
            return False
    return len(headers) == 1 or len({name.lower() for name in headers}) == len(headers)
