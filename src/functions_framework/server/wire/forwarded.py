"""Whom the headers of a proxy are believed from, and what they say of the client."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.addresses import host_and_port, ip_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_framework.model.interfaces import Environ, Scope

PEER = "functions_framework.peer"
"""Where an environ keeps the address of the connection itself when REMOTE_ADDR is amended."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What proxies call the scheme of a client: some (Traefik) name that of a WebSocket."""

_MOST_REMEMBERED = 1024


class Proxies:
    """The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.

    Args:
        text: addresses and networks with commas between them, `*` for all.

    Raises:
        InvalidConfigurationException: one of them is neither.
    """

    def __init__(self, text: str) -> None:
        words = [word.strip() for word in text.split(",") if word.strip()]
        self._trusts_all = "*" in words
        self._networks: list[Network] = []
        self._known: dict[str, bool] = {}
        for word in words:
            if word == "*":
                continue
            try:
                self._networks.append(ipaddress.ip_network(word, strict=False))
            except ValueError:
                raise InvalidConfigurationException(
                    f"Invalid value {word!r} in --forwarded-allow-ips: expected an address such "
                    "as 10.0.0.1, a network such as 10.0.0.0/8, or *."
                ) from None

    def __contains__(self, address: str) -> bool:
        """Whether an address is a proxy's; that of who has none (`""`) is only where all are."""
        known = self._known.get(address)
        if known is None:
            known = self._trusts_all or self._is_listed(address)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[address] = known
        return known

    def _is_listed(self, address: str) -> bool:
        found = ip_address(address)
        return found is not None and any(found in network for network in self._networks)

    def amend_environ(self, environ: Environ) -> None:
        """Take over what a trusted proxy says of its client, in a WSGI environ."""
        peer = environ["REMOTE_ADDR"]
        if peer not in self:
            return
        if client := self.client(environ.get("HTTP_X_FORWARDED_FOR", "")):
            environ[PEER] = peer
            environ["REMOTE_ADDR"] = client
        if used := scheme(environ.get("HTTP_X_FORWARDED_PROTO", "")):
            environ["wsgi.url_scheme"] = used

    def amend_scope(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Take over what a trusted proxy says of its client, in an ASGI scope."""
        peer = scope["client"]
        if (peer[0] if peer else "") not in self:
            return
        if client := self.client(headers.get("x-forwarded-for", "")):
            # A proxy does not tell the client's port.
            scope["client"] = client, 0
        if used := scheme(headers.get("x-forwarded-proto", "")):
            scope["scheme"] = used

    def client(self, forwarded_for: str) -> str | None:
        """The address the outermost trusted proxy was called from, None when none is told.

        Every proxy appends whom it was called by, so the list is read from its end: what stands
        before the first address that isn't a proxy's may be the client's own invention. Those of
        Azure write the port behind an address.
        """
        found = None
        for word in reversed(forwarded_for.split(",")):
            address, _ = host_and_port(word.strip())
            if ip_address(address) is None:
                break
            found = address
            if address not in self:
                break
        return found


def peer_of(environ: Environ) -> str:
    """The address of the connection itself, whatever a proxy says of its client."""
    found = environ.get(PEER)
    return environ["REMOTE_ADDR"] if found is None else found  # type: ignore[no-any-return]


def scheme(forwarded_proto: str) -> str | None:
    """The scheme the client used, http or https; None when it is another."""
    return _SCHEMES.get(forwarded_proto.rpartition(",")[2].strip().lower())
