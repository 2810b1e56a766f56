"""The gate for what comes in: the head of every request, before a host sees it.

What is checked and put right here holds for every function, signature and application. What the
engine does not tell is listed on the page on reliability.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions_framework.exceptions import MalformedRequest
from functions_framework.hosts.errors import refusal
from functions_framework.model.fields import as_bytes, as_text, cookie_joined, merged
from functions_framework.runtime.escaping import own_logger

from ..messages import OWN_HOST
from .own_replies import NO_PATH, to_itself

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Headers, Reply

    from .interfaces import RequestHead

_log = own_logger("functions_framework.server")
_HOST = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+)(?::([0-9]*))?"
)
_LAST_PORT = 65535
_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 100
_NO_HOST = "The request has no Host header, or more than one."
_BAD_HOST = "The Host header isn't a valid name or address with an optional port."
_BAD_CODING = "The body's Transfer-Encoding is unknown, or chunked more than once."


def check_coding(coding: str) -> None:
    """Let bodies through that the engine has decoded: their Transfer-Encoding is `chunked`.

    Raises:
        MalformedRequest: it is another (RFC 9112, section 6.1).
    """
    if coding != "chunked" and coding.strip(" \t").lower() != "chunked":
        raise MalformedRequest(_BAD_CODING)


def _is_in_order(host: str) -> bool:
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    address, port = found.groups()
    if port and int(port) > _LAST_PORT:
        return False
    if address is not None:
        from ipaddress import IPv6Address  # hardly anybody asks by one

        try:
            IPv6Address(address)
        except ValueError:
            return False
    return True


class Gate:
    """Looks at heads; remembers the hosts it has found in order.

    Attributes:
        hosts: values of Host that are known to be in order; nothing else needs to be looked at in
            nearly every request.
    """

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        # Looked up, a name takes half the time of being decoded.
        self._names: dict[bytes, str] = {}
        self._has_warned = False

    def refused(self, environ: Environ) -> Reply | None:
        """What a sync call is refused with, None where all is well.

        The engine gives an empty value for a header that is absent or not ASCII, and joins fields
        of one name with commas.
        """
        if not environ["PATH_INFO"]:
            return NO_PATH
        host = environ["HTTP_HOST"]
        if host and not self._knows(host):
            return to_itself() if host == OWN_HOST else refusal(MalformedRequest(_BAD_HOST))
        if not host and environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            return refusal(MalformedRequest(_NO_HOST))
        if environ.get("HTTP_COOKIE") == "":
            self._warn("cookie")
        return None

    def admitted(self, head: RequestHead) -> dict[str, str]:
        """The header fields of an async call by lower-case name, put right where they must be.

        Raises:
            MalformedRequest: the head is not in order.
        """
        raw = head.asgi["headers"]
        names = self._names
        try:
            found = {names[name]: value.decode("latin-1") for name, value in raw}
        except KeyError:  # an unknown name, or one with an underscore
            return self._amended(head)
        if found["host"] in self.hosts and len(found) == len(raw):
            return found
        return self._amended(head)

    def _amended(self, head: RequestHead) -> dict[str, str]:
        """Put right what can be (RFC 9112, section 3.2; RFC 9113, section 8.2.3)."""
        # As nginx and gunicorn do: what makes variables of names takes `_` and `-` for the same.
        fields = as_text(pair for pair in head.asgi["headers"] if b"_" not in pair[0])
        hosts = [value for name, value in fields if name == "host"]
        if hosts == [""] and head.http_version != "1.1":
            fields = [pair for pair in fields if pair[0] != "host"]  # the engine has put it there
        elif len(hosts) > 1 or not hosts[0]:
            raise MalformedRequest(_NO_HOST)
        elif not self._knows(hosts[0]):
            raise MalformedRequest(_BAD_HOST)
        self._remember(fields)
        fields = cookie_joined(fields)
        head.asgi["headers"] = as_bytes(fields)
        return merged(fields)

    def _remember(self, fields: Headers) -> None:
        for name, _ in fields:
            if len(self._names) < _MOST_REMEMBERED and len(name) < _LONGEST_REMEMBERED:
                self._names[name.encode("latin-1")] = name

    def _knows(self, host: str) -> bool:
        """Whether it is in order (RFC 9110, section 7.2)."""
        if host in self.hosts:
            return True
        if not _is_in_order(host):
            return False
        if len(self.hosts) < _MOST_REMEMBERED:
            self.hosts.add(host)
        return True

    def _warn(self, name: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "A request's %s header holds bytes that are not ASCII, which the server cannot "
                "hand to a plain def. Other such headers are not told of.",
                name,
            )
