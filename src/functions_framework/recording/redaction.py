"""Takes secrets out of what is recorded, by the names they go under, which are listed here.

Nothing is parsed into values: a body keeps its bytes but for the secrets, and one that was cut off
in the middle is treated like a whole one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REDACTED = "[REDACTED]"
"""What stands in a secret's place."""

# Of names without case and punctuation: `X-Api-Key`, `apiKey` and `api_key` are one name.
_PARTS = (
    "accesskey", "apikey", "authorization", "cookie", "credential", "jwt", "passphrase", "passwd",
    "password", "privatekey", "secret", "sessionid",
)  # fmt: skip
_WHOLE = frozenset({"auth", "pwd", "tokens"})
_LAST = "token"

_NOT_IN_NAMES = re.compile(r"[\W_]+")
_PAIR = re.compile(r"(?:^|(?<=[&;]))([^=&;]+)=([^&;]*)")
_PAIR_IN_URL = re.compile(r"""(?<=[?&#])([^=&?#\s"'<>\\]+)=([^&#\s"'<>,;\\]*)""")
_PART = re.compile(
    r"""\bname="?([^";\r\n]+)"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)(?=\r?\n--|\Z)""",
    re.DOTALL | re.IGNORECASE,
)
# JSON (RFC 8259): strings, which may be cut off; what nests; scalars; white space.
_JSON_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}\[\],:]|[^\s"{}\[\],:]+|\s+', re.DOTALL
)
_WITHOUT_SECRET = frozenset({"null", "true", "false"})
_UNREADABLE = re.compile(r"charset\s*=\s*\"?(?:utf-?16|utf-?32|ucs)", re.IGNORECASE)


def normal_name(name: str) -> str:
    """A name without case and punctuation."""
    return _NOT_IN_NAMES.sub("", name).lower()


class Redactor:
    """Redacts the parts of one exchange and notes what it redacted.

    Args:
        names: further names of secrets, in any case and punctuation.

    Attributes:
        places: where there were secrets, as in `request.headers.authorization`.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(map(normal_name, names))
        self.places: dict[str, None] = {}

    def is_secret(self, name: str) -> bool:
        """Whether what goes under a name is a secret."""
        normal = normal_name(name)
        return (
            normal in self._names
            or normal in _WHOLE
            or normal.endswith(_LAST)
            or any(part in normal for part in _PARTS)
        )

    def headers(self, where: str, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Redact headers, and secrets in the URLs that others hold."""
        return tuple((name, self._header(where, name, value)) for name, value in pairs)

    def _header(self, where: str, name: str, value: str) -> str:
        if self.is_secret(name):
            self._note(where, name)
            return REDACTED
        return self._replaced(_PAIR_IN_URL, where, value) if "=" in value else value

    def query(self, where: str, text: str) -> str:
        """Redact a query string or a form (`application/x-www-form-urlencoded`)."""
        return self._replaced(_PAIR, where, text)

    def body(self, where: str, content: bytes, content_type: str) -> bytes:
        """Redact a body, whole or cut off.

        Keys of JSON, wherever in a text it stands; fields of forms; queries of URLs.
        """
        try:
            text, encoding = content.decode(), "utf-8"
        except UnicodeDecodeError:
            # Names of secrets are ASCII in every encoding that is left.
            text, encoding = content.decode("latin-1"), "latin-1"
        kind = content_type.lower()
        if kind.startswith("application/x-www-form-urlencoded"):
            return self.query(where, text).encode(encoding)
        if kind.startswith("multipart/"):
            text = self._replaced(_PART, where, text)
        text = self._replaced(_PAIR_IN_URL, where, text)
        return "".join(self._json(where, text)).encode(encoding)

    def _json(self, where: str, text: str) -> Iterator[str]:
        key, is_next, depth = "", False, 0
        for found in _JSON_TOKEN.finditer(text):
            word = found[0]
            if depth:  # inside of a secret that nests
                depth += (word in "{[") - (word in "}]")
            elif word.isspace():
                yield word
            elif is_next and word not in _WITHOUT_SECRET:
                is_next = False
                self._note(where, key)
                yield f'"{REDACTED}"'
                depth = int(word in "{[")
            else:
                is_next = word == ":" and bool(key) and self.is_secret(key)
                key = key if is_next else _string(word)
                yield word

    def _replaced(self, pattern: re.Pattern[str], where: str, text: str) -> str:
        """The text with the second group of each match replaced where the first is a secret's."""

        def replace(found: re.Match[str]) -> str:
            name = unquote_plus(found[1])
            if not self.is_secret(name):
                return found[0]
            self._note(where, name)
            start, end = found.start(2) - found.start(), found.end(2) - found.start()
            return f"{found[0][:start]}{REDACTED}{found[0][end:]}"

        return pattern.sub(replace, text)

    def _note(self, where: str, name: str) -> None:
        self.places[f"{where}.{name}"] = None


def _string(token: str) -> str:
    """What a JSON string says, empty for any other token."""
    if not token.startswith('"'):
        return ""
    if "\\" not in token:
        return token.strip('"')
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def is_readable(content_type: str, content_encoding: str) -> bool:
    """Whether secrets can be found in a body: it is not compressed, and its charset holds ASCII."""
    is_plain = content_encoding.strip().lower() in {"", "identity"}
    return is_plain and not _UNREADABLE.search(content_type)
