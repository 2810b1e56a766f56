"""Addresses as HTTP and sockets write them: IP addresses, and a host with its port."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def ip_address(text: str) -> IPAddress | None:
    """The IP address that a text is, None where it is none.

    A socket for both families shows an IPv4 peer as ::ffff:1.2.3.4: that is the IPv4 address.
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_loopback(text: str) -> bool:
    """Whether a text is an IP address of this machine's own, reached by nobody else."""
    found = ip_address(text)
    return found is not None and found.is_loopback


def host_and_port(text: str) -> tuple[str, int | None]:
    """A host and its port, None without one; an IPv6 address without its brackets."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        # Several colons without brackets: an IPv6 address and no port.
        host, _, port = text.partition(":") if text.count(":") == 1 else (text, "", "")
    return host, int(port) if port.isdecimal() else None
