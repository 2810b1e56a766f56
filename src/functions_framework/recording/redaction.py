"""Takes secrets out of what is recorded: by the names they go under, and tokens by their form.

Nothing is parsed into values: a body keeps its bytes but for the secrets, and one that was cut off
in the middle is treated like a whole one. What is encoded inside of something else (JSON in a form,
in a string or in base64, a URL in a query) is looked through and encoded again.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from . import json_secrets, text_secrets
from .json_secrets import REDACTED, Finder
from .multipart_secrets import parts_of
from .secret_names import is_secret_name, normal_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_PAIR = re.compile(r"(?:^|(?<=[&;]))([^=&;]+)(?:=([^&;]*))?")
# What is sent as a form, and is none: JSON as `curl -d` sends it, XML.
_NO_FORM = ("{", "[", "<", '"')
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4,}|[A-Za-z0-9_-]{4,})={0,2}")
# What a text has something of if there is a secret in it, or something encoded.
_SUSPECT = re.compile(r"""[={\["<:%/\\]|----|[\w.-]{16}|(?i:bearer|basic)[\s+]|^[\w+=-]{8,}$""")
# The same within a text, as in `data:application/json;base64,…`.
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
# What stands between the signs of markup, where it is escaped.
_BETWEEN = re.compile(r"""[^<>"']+""")
_ENTITY = re.compile("&(?:quot|lt|amp|#34|#39|#x22|#x27);", re.IGNORECASE)
# As in forms, and as in other parts of URLs.
_IN_URLS = "/:?#[]@!$&'()*,;="
_PERCENT = (
    ("+", unquote_plus, partial(quote_plus, safe=_IN_URLS)),
    ("%", unquote, partial(quote, safe=f"{_IN_URLS}+")),
)
_MULTIPART = re.compile(r"\s*--[^\r\n]+\r?\nContent-[^\r\n]+\r?\n", re.IGNORECASE)
_DEEPEST = 8
_LONGEST_NAME = 128
# UTF-16 and UTF-32, by their mark or by their first characters.
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|(?:[\t-~]\0\0?\0?){2}|(?:\0\0?\0?[\t-~]){2}")
_UNREADABLE = re.compile(r"charset\s*=\s*\"?(?:utf-?16|utf-?32|ucs)", re.IGNORECASE)


class Redactor:
    """Redacts the parts of one exchange and notes what it redacted.

    Args:
        names: further names of secrets, in any case and punctuation.

    Attributes:
        places: where there were secrets, as in `request.headers.authorization`.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(map(normal_name, names)) - {""}
        self.places: dict[str, None] = {}

    def is_secret(self, name: str) -> bool:
        """Whether what goes under a name is a secret."""
        normal = normal_name(name[-_LONGEST_NAME:])
        return normal in self._names or is_secret_name(normal)

    def headers(self, where: str, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Redact headers, and secrets inside of the values of others."""
        return tuple((name, self._header(where, name, value)) for name, value in pairs)

    def _header(self, where: str, name: str, value: str) -> str:
        if self.is_secret(name):
            self._note(where, name)
            return REDACTED
        return self._value(where, value)

    def path(self, where: str, text: str) -> str:
        """Redact a path: parameters of its segments, and tokens."""
        return self._value(where, text)

    def query(self, where: str, text: str) -> str:
        """Redact a query string or a form (`application/x-www-form-urlencoded`)."""
        if text.lstrip().startswith(_NO_FORM):
            return self._value(where, text)

        def replace(found: re.Match[str]) -> str:
            name = unquote_plus(found[1])
            if found[2] is None:
                inner = self._value(where, name)
                return found[0] if inner == name else quote_plus(inner)
            if self.is_secret(name):
                self._note(where, name)
                return f"{found[1]}={REDACTED}"
            value = unquote_plus(found[2])
            inner = self._value(where, value)
            return found[0] if inner == value else f"{found[1]}={quote_plus(inner)}"

        return _PAIR.sub(replace, text)

    def body(self, where: str, content: bytes, content_type: str) -> bytes:
        """Redact a body, whole or cut off."""
        try:
            text, encoding = content.decode(), "utf-8"
        except UnicodeDecodeError:
            # Names of secrets are ASCII in every encoding that is left.
            text, encoding = content.decode("latin-1"), "latin-1"
        kind = content_type.lower()
        if kind.startswith("application/x-www-form-urlencoded"):
            return self.query(where, text).encode(encoding)
        if kind.startswith("multipart/"):
            return self._parts(where, text, content_type, 0).encode(encoding)
        return self._value(where, text).encode(encoding)

    def _parts(self, where: str, text: str, content_type: str, depth: int) -> str:
        done, found = 0, []
        for name, start, end in parts_of(text, content_type):
            content = text[start:end]
            if name is not None and self.is_secret(name):
                self._note(where, name)
                content = REDACTED
            found += [text[done:start], self._value(where, content, depth + 1)]
            done = end
        return "".join([*found, text[done:] if done else self._value(where, text, depth + 1)])

    def _value(self, where: str, text: str, depth: int = 0) -> str:
        """The text without the secrets it holds, in whatever it is encoded."""
        if depth > _DEEPEST or not _SUSPECT.search(text):
            return text
        if _MULTIPART.match(text):
            return self._parts(where, text, "", depth)
        finder = Finder(
            self.is_secret,
            lambda name: self._note(where, name),
            lambda inner: self._value(where, inner, depth + 1),
        )
        found, is_json = text, _is_json(text)
        if not is_json:
            found = text_secrets.without_secrets(found, finder)
        if any(mark in found for mark in '{["'):
            found = json_secrets.without_secrets(found, finder)
        if not is_json:
            found = _RUN.sub(lambda run: self._run(where, run[0], depth), found)
        if _ENTITY.search(found):
            found = _BETWEEN.sub(lambda run: self._escaped(where, run[0], depth), found)
        return found if found != text else self._encoded(where, text, depth)

    def _encoded(self, where: str, text: str, depth: int) -> str:
        """The same for what is base64 or percent-encoded as a whole."""
        decoded = _base64_text(text)
        if decoded is not None:
            inner = self._value(where, decoded, depth + 1)
            return text if inner == decoded else _as_base64(inner, text)
        for sign, decode, encode in _PERCENT:
            decoded = decode(text) if sign in text else text
            inner = self._value(where, decoded, depth + 1) if decoded != text else decoded
            if inner != decoded:
                return encode(inner)
        return text

    def _run(self, where: str, text: str, depth: int) -> str:
        """The same for a word that may be base64, or hold it between slashes."""
        decoded = _base64_text(text)
        if decoded is None:
            parts = text.split("/")
            return "/".join(self._run(where, part, depth) for part in parts) if parts[1:] else text
        inner = self._value(where, decoded, depth + 1)
        return text if inner == decoded else _as_base64(inner, text)

    def _escaped(self, where: str, text: str, depth: int) -> str:
        """The same for what is escaped for HTML or XML."""
        decoded = html.unescape(text) if _ENTITY.search(text) else text
        inner = self._value(where, decoded, depth + 1) if decoded != text else decoded
        return text if inner == decoded else html.escape(inner)

    def _note(self, where: str, name: str) -> None:
        self.places[f"{where}.{name}"] = None


def holds_redacted(text: str) -> bool:
    """Whether something was redacted in a text, or in what it is the encoded form of."""
    if REDACTED in text or quote_plus(REDACTED) in text:
        return True
    runs = (found[0] for found in _RUN.finditer(text))
    return any(REDACTED in (_base64_text(run) or "") for run in [text, *runs])


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "[", '"'}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _base64_text(text: str) -> str | None:
    """The text that a text is the base64 of, None if it is of none."""
    word = "".join(text.split()) if len(text) > 76 else text.strip()
    if not _BASE64.fullmatch(word):
        return None
    bare = word.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except (ValueError, binascii.Error):
        return None
    return decoded if all(mark.isprintable() or mark.isspace() for mark in decoded) else None


def _as_base64(text: str, like: str) -> str:
    """Base64 with the alphabet and the padding of another."""
    is_for_urls = bool({"-", "_"} & set(like))
    encoded = (base64.urlsafe_b64encode if is_for_urls else base64.b64encode)(text.encode())
    is_padded = like.rstrip().endswith("=") or len("".join(like.split())) % 4 == 0
    return encoded.decode() if is_padded else encoded.decode().rstrip("=")


def is_readable(content_type: str, content_encoding: str, start: bytes = b"") -> bool:
    """Whether secrets can be found in a body: it is not compressed, and its charset holds ASCII.

    Args:
        content_type: its media type.
        content_encoding: how it is compressed.
        start: its first bytes, which may tell what the media type does not.
    """
    is_plain = content_encoding.strip().lower() in {"", "identity"}
    return is_plain and not _WIDE.match(start) and not _UNREADABLE.search(content_type)
