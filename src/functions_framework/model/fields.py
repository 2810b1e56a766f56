"""Header fields, path and query between their bytes and text; one value for each name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .message import Headers

PATH_CHARACTERS = "/:@!$&'()*+,;="
"""What stands for itself in a path (RFC 3986, section 3.3), besides letters, digits and `-._~`."""

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A method, or the name of a header field (RFC 9110, section 5.6.2)."""

REPEATED = "\n"
"""Between the values of a `ce-` header that came twice: no value of one header holds it."""

_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def as_text(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The header fields of an ASGI scope or message as text."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]


def as_bytes(fields: Headers) -> list[tuple[bytes, bytes]]:
    """Header fields as an ASGI scope or message has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def sent_bytes(text: str) -> bytes:
    """The bytes of a reply's header: of UTF-8, and of surrogate escapes for what is not."""
    return text.encode("utf-8", "surrogateescape")


def as_read(fields: Headers) -> Headers:
    """The header fields of a reply as clients read their bytes: latin-1, with lower-case names."""
    return [
        (name.lower(), value if value.isascii() else sent_bytes(value).decode("latin-1"))
        for name, value in fields
    ]


def merged(fields: Headers) -> dict[str, str]:
    """One value for each name: joined as RFC 9110 section 5.3 says, of Content-Type the first."""
    found: dict[str, str] = {}
    for name, value in fields:
        if name not in found:
            found[name] = value
        elif name == "cookie":
            found[name] += f"; {value}"
        elif name != "content-type":
            found[name] += f"{REPEATED if name[:3] == 'ce-' else ', '}{value}"
    return found


def cookie_joined(fields: Headers) -> Headers:
    """Fields with all cookies in the first of them (RFC 9113, section 8.2.3)."""
    cookies = [value for name, value in fields if name == "cookie"]
    if len(cookies) < 2:
        return fields
    joined = []
    for pair in fields:
        if pair[0] != "cookie":
            joined.append(pair)
        elif cookies:
            joined.append(("cookie", "; ".join(cookies)))
            cookies = []
    return joined


def encoded_query(raw: bytes) -> str:
    """A query string whose bytes beyond ASCII are percent-encoded, as they should have been."""
    return raw.decode() if raw.isascii() else quote(raw, safe=_ASCII)
