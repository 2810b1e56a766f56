"""The handshake of a WebSocket: what of it the engine does not check, and the scope it becomes."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import MalformedRequest

from ..wire.own_replies import NO_PATH

if TYPE_CHECKING:
    from functions_framework.model.message import Reply

    from ..wire.forwarded import Proxies
    from ..wire.incoming import Gate
    from ..wire.interfaces import SocketScope

_KEY_BYTES = 16
_BAD_KEY = "The Sec-WebSocket-Key header isn't 16 bytes in Base64 (RFC 6455, section 4.1)."
_BAD_VERSION = "A WebSocket begins with HTTP/1.1 (RFC 6455, section 4.1)."
_SECURE = {"https": "wss", "http": "ws"}


class Handshake:
    """The head of a request for a WebSocket; see `interfaces.RequestHead`.

    Args:
        scope: the engine's.
    """

    __slots__ = ("asgi", "http_version", "method", "path")

    def __init__(self, scope: SocketScope) -> None:
        self.asgi: Any = scope
        self.method = "GET"  # the engine tells none
        self.path = scope["path"]
        self.http_version = scope["http_version"]

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the client's end of the connection."""
        host, port = self.asgi["client"]
        return host, int(port)

    def header(self, name: bytes) -> str:
        """The value of one header field, empty where there is none."""
        found = (value for given, value in self.asgi["headers"] if given == name)
        return str(next(found, b""), "latin-1")

    def scope(self, gate: Gate, proxies: Proxies) -> dict[str, Any] | Reply:
        """The scope of the WebSocket (ASGI, WebSocket connection scope), or what refuses it.

        Args:
            gate: looks at the head.
            proxies: whom the headers of a proxy are believed from.

        Raises:
            MalformedRequest: the head is not in order, or not a handshake's.
        """
        by_name = gate.admitted(self)
        if not self.path:
            return NO_PATH
        if self.http_version != "1.1":
            raise MalformedRequest(_BAD_VERSION)
        if not _is_key(by_name.get("sec-websocket-key", "")):
            raise MalformedRequest(_BAD_KEY)
        given = self.asgi
        address, port = given["client"]
        host, own_port = given["server"]
        scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": self.http_version,
            "scheme": given["scheme"],
            "path": self.path,
            "raw_path": given["raw_path"],
            "query_string": given["query_string"],
            "root_path": "",
            "headers": given["headers"],
            "client": (address, int(port)) if address else None,
            "server": (host, int(own_port) or None),
            "subprotocols": list(given["subprotocols"]),
            "extensions": {"websocket.http.response": {}},
        }
        if "x-forwarded-for" in by_name or "x-forwarded-proto" in by_name:
            proxies.amend_scope(scope, by_name)
            scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
        return scope


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
