"""The gate for what comes in: the head of every request, before a host sees it.

What is checked and put right here holds for every function, signature and application. What the
engine does not tell is listed on the page on reliability.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import MalformedRequest
from functions_framework.hosts.errors import refusal
from functions_framework.model.fields import NOT_ASCII, cookie_joined, merged
from functions_framework.runtime.escaping import own_logger

from .endings import NO_PATH

if TYPE_CHECKING:
    from functions_framework.model.message import Headers, Reply

    from ..hosted import Environ

_log = own_logger("functions_framework.server")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]+)(?::[0-9]*)?")
_MOST_REMEMBERED = 1024
_NO_HOST = "The request has no Host header, or more than one."
_BAD_HOST = "The Host header is no name or address with an optional port."


class Gate:
    """Looks at heads; remembers the hosts it has found in order.

    Attributes:
        hosts: values of Host that are known to be in order; nothing else needs to be looked at in
            nearly every request.
    """

    def __init__(self) -> None:
        self.hosts: set[str] = set()
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
            return refusal(MalformedRequest(_BAD_HOST))
        if not host and environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            return refusal(MalformedRequest(_NO_HOST))
        if environ.get("HTTP_COOKIE") == "":
            self._warn("cookie")
        return None

    def admitted(self, request: Any) -> tuple[Headers, dict[str, str]]:
        """The header fields of an async call, in order and by lower-case name.

        Raises:
            MalformedRequest: the head is not in order.
        """
        headers = request.headers
        fields: Headers = headers.items()
        by_name = dict(fields)
        if (
            by_name.get("host") in self.hosts
            and len(headers) == len(by_name) == len(fields)
            and request.authority is None
            and "_" not in "".join(by_name)
        ):
            return fields, by_name
        return self._amended(request, fields, set(headers.keys()).difference(by_name))

    def _amended(
        self, request: Any, fields: Headers, lost: set[str]
    ) -> tuple[Headers, dict[str, str]]:
        """Put right what can be (RFC 9112, section 3.2; RFC 9113, section 8.2.3)."""
        hosts = [value for name, value in fields if name == "host"]
        if len(hosts) > 1 or "host" in lost or (not hosts and request.http_version == "1.1"):
            raise MalformedRequest(_NO_HOST)
        if request.authority is not None and request.http_version != "2":
            # The target is in absolute form: whom it names counts.
            hosts = [request.authority]
            fields = [pair for pair in fields if pair[0] != "host"]
            fields.insert(0, ("host", request.authority))
        host = hosts[0] if hosts else request.authority
        if host is not None and not self._knows(host):
            raise MalformedRequest(_BAD_HOST)
        if lost:
            if any(name[:3] == "ce-" for name in lost):
                raise MalformedRequest(NOT_ASCII)
            self._warn(min(lost))
        # As nginx and gunicorn do: what makes variables of names takes `_` and `-` for the same.
        fields = cookie_joined([pair for pair in fields if "_" not in pair[0]])
        return fields, merged(fields)

    def _knows(self, host: str) -> bool:
        """Whether it is in order (RFC 9110, section 7.2)."""
        if host in self.hosts:
            return True
        if _HOST.fullmatch(host) is None:
            return False
        if len(self.hosts) < _MOST_REMEMBERED:
            self.hosts.add(host)
        return True

    def _warn(self, name: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "A request's %s header holds bytes that are not ASCII, which the server cannot "
                "hand over. Other such headers are not told of.",
                name,
            )
