"""Origins as browsers write them (RFC 6454 section 6.2; URL standard), and those with wildcards.

A browser sends an origin in one form only: lower case, IDN in Punycode, no default port. What is
configured is brought to that form, so that it can be compared as text.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHAPE = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[^\]\s]*\]|[^/?#@\s,:\[\]]+)(?::([0-9]*|\*))?", re.IGNORECASE
)
# Of these schemes a browser reads the host as a name (URL standard, special schemes).
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
_HIGHEST_PORT = 65535
# What ends a label in IDNA (UTS 46) beside the full stop.
_DOTS = dict.fromkeys(map(ord, "\u3002\uff0e\uff61"), ".")
# What is not seen and counts for nothing there.
_IGNORED = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)])
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_WILDCARD = "*."


def read_origins(given: str | Sequence[str]) -> str | tuple[str, ...]:
    """Origins from one text with commas, or from several; `*` if everybody is among them.

    Raises:
        ValueError: none is there, or one is malformed; its text says what was expected.
    """
    texts = given.split(",") if isinstance(given, str) else given
    origins = tuple(dict.fromkeys(_normal(text.strip()) for text in texts))
    if not origins:
        raise ValueError("expected an origin such as 'https://example.com', found none")
    return "*" if "*" in origins else origins


def matches(origin: str, allowed: Sequence[str]) -> bool:
    """Whether a browser's origin is one of those that are allowed, as `read_origins` gives them."""
    return origin in allowed or any(
        pattern.fullmatch(origin) for pattern in _patterns(tuple(allowed))
    )


@lru_cache(maxsize=256)
def _patterns(allowed: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(origin) for origin in allowed if "*" in origin)


def _pattern(origin: str) -> re.Pattern[str]:
    text = re.escape(origin).replace(re.escape(f"//{_WILDCARD}"), r"//(?:[a-z0-9_-]+\.)+")
    return re.compile(
        text.removesuffix(r":\*") + r"(?::[0-9]+)?" if origin.endswith(":*") else text
    )


def _normal(origin: str) -> str:
    if origin == "*" or origin.lower() == "null":
        return origin.lower()
    found = _SHAPE.fullmatch(origin)
    if found is None:
        raise ValueError(
            f"expected '*', or a scheme and host such as 'https://example.com', found {origin!r}"
        )
    scheme, host, port = found[1].lower(), found[2], found[3]
    if scheme in _DEFAULT_PORTS:
        host = _host(host, origin)
    elif "*" in host:
        raise _no_wildcard(origin)
    return f"{scheme}://{host}{_port(port, _DEFAULT_PORTS.get(scheme), origin)}"


def _port(port: str | None, default: int | None, origin: str) -> str:
    if port == "*":
        return ":*"
    if not port or int(port) == default:
        return ""
    if int(port) > _HIGHEST_PORT:
        raise ValueError(f"expected a port up to {_HIGHEST_PORT}, found {origin!r}")
    return f":{int(port)}"


def _host(host: str, origin: str) -> str:
    if host.startswith("["):
        try:
            return f"[{_compressed(ipaddress.IPv6Address(host[1:-1]))}]"
        except ValueError:
            raise ValueError(f"expected an IPv6 address in brackets, found {origin!r}") from None
    has_wildcard = host.startswith(_WILDCARD)
    name = _ascii_name(host.removeprefix(_WILDCARD), origin)
    if "*" in name:
        raise _no_wildcard(origin)
    labels = name.removesuffix(".").split(".")
    if not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(f"expected a host name, found {origin!r}")
    if _NUMBER.fullmatch(labels[-1]):
        if has_wildcard:
            raise _no_wildcard(origin)
        return _address(name, origin)
    return f"{_WILDCARD}{name}" if has_wildcard else name


def _compressed(address: ipaddress.IPv6Address) -> str:
    """As a browser writes it: never with dots, as newer Pythons do for mapped addresses."""
    if address.ipv4_mapped is None:
        return address.compressed
    low = int(address.ipv4_mapped)
    return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"


def _ascii_name(host: str, origin: str) -> str:
    """A name as it stands in DNS: IDNA by UTS 46, which keeps the sharp s and the final sigma."""
    name = unicodedata.normalize("NFKC", host.translate(_DOTS | _IGNORED).lower()).lower()
    try:
        labels = [
            label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
            for label in name.split(".")
        ]
    except UnicodeError:
        raise ValueError(f"expected a host name, found {origin!r}") from None
    return ".".join(labels)


def _address(name: str, origin: str) -> str:
    """What ends in a number is an IPv4 address, or nothing a browser opens (URL standard, 3.5)."""
    try:
        return str(ipaddress.IPv4Address(name.removesuffix(".")))
    except ValueError:
        raise ValueError(f"expected four numbers as IPv4 address, found {origin!r}") from None


def _no_wildcard(origin: str) -> ValueError:
    return ValueError(
        "expected '*' for a whole first part of a host name ('https://*.example.com') or for the "
        f"port ('http://localhost:*'), found {origin!r}"
    )
