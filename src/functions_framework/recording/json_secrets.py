"""Secrets in JSON and what is written like it: NDJSON, events of a stream, GraphQL, a JSON cut off.

The text is read token by token and keeps every character but those of the secrets. It need not be
JSON: brackets that do not fit are passed over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .secret_names import normal_name

if TYPE_CHECKING:
    from collections.abc import Callable

REDACTED = "[REDACTED]"
"""What stands in a secret's place."""

# Strings (RFC 8259; in GraphQL also those of three quotes), which may be cut off; what nests;
# scalars; white space.
_TOKEN = re.compile(
    r'"""(?:.*?"""|.*\Z)|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}\[\],:]|[^\s"{}\[\],:]+|\s+',
    re.DOTALL,
)
_WITHOUT_SECRET = frozenset({"null", "true", "false"})
_LAST_WORD = re.compile(r"[\w.$-]*\Z")
# A secret's name and the secret, under keys of their own: {"name": "Authorization", "value": "…"}.
_NAMES = frozenset({"attribute", "field", "header", "id", "k", "key", "label", "name", "n"})
_VALUES = frozenset(
    {"content", "contents", "data", "string", "text", "v", "val", "value", "values"}
)


@dataclass(frozen=True, slots=True)
class Finder:
    """What a secret is.

    Attributes:
        is_secret: whether a name is one of a secret.
        note: takes down the name of one that was found.
        inner: redacts the text that a string holds.
    """

    is_secret: Callable[[str], bool]
    note: Callable[[str], None]
    inner: Callable[[str], str]


def without_secrets(text: str, finder: Finder) -> str:
    """The text with the values of secret keys, and those inside of strings, redacted."""
    return _Scan(text, finder).run()


def string_of(token: str) -> str:
    """What a string says as it stands in the text, whole or cut off."""
    if "\\" not in token:
        return token.strip('"')
    try:
        return str(json.loads(token))
    except ValueError:
        return token.strip('"')


@dataclass(slots=True)
class _Frame:
    """An object or a list that is being read, or the text itself.

    Attributes:
        kind: its bracket, empty for the text.
        start: where it begins.
        is_pair: whether it is a list in a list: perhaps a name and a value.
        is_flat: whether it is a list of names and values in turn.
        last: the word before, a key if a colon follows.
        is_quoted: whether that was a string.
        key: the key of the value that follows, None where none does.
        secret: a secret's name found under a key such as `name`.
        values: where values under keys such as `value` stand.
        strings: of a list the elements so far, None for what isn't a string.
    """

    kind: str = ""
    start: int = 0
    is_pair: bool = False
    is_flat: bool = False
    last: str = ""
    is_quoted: bool = False
    key: str | None = None
    secret: str | None = None
    values: list[tuple[int, int]] = field(default_factory=list)
    strings: list[str | None] = field(default_factory=list)

    def nested(self, kind: str, start: int) -> _Frame:
        """The frame of what begins inside."""
        is_flat = self.key is not None and normal_name(self.key).endswith("headers")
        return _Frame(kind, start, is_pair=kind == self.kind == "[", is_flat=is_flat)


class _Scan:
    def __init__(self, text: str, finder: Finder) -> None:
        self._text = text
        self._finder = finder
        self._frames = [_Frame()]
        self._edits: list[tuple[int, int, str]] = []

    def run(self) -> str:
        for found in _TOKEN.finditer(self._text):
            word, frame = found[0], self._frames[-1]
            if word.isspace():
                continue
            if word in {"{", "["}:
                self._frames.append(frame.nested(word, found.start()))
            elif word in {"}", "]"}:
                self._close(found.end())
            elif word == ":":
                frame.key = frame.last
            elif word == ",":
                frame.key, frame.last = None, ""
            else:
                self._word(frame, word, found.start(), found.end())
        while len(self._frames) > 1:
            self._close(len(self._text))
        return self._edited()

    def _word(self, frame: _Frame, word: str, start: int, end: int) -> None:
        said = string_of(word) if word.startswith('"') else None
        if not self._is_redacted(frame, start, end, said, word) and said is not None:
            inner = self._finder.inner(said)
            if inner != said:
                self._edits.append((start, end, json.dumps(inner)))
        frame.key = None
        frame.is_quoted = said is not None
        frame.last = said if said is not None else _LAST_WORD.findall(word)[0]

    def _close(self, end: int) -> None:
        if len(self._frames) == 1:
            return
        closed = self._frames.pop()
        if closed.secret is not None:
            for start, stop in closed.values:
                self._redact(start, stop, closed.secret)
        frame = self._frames[-1]
        self._is_redacted(frame, closed.start, end, None, closed.kind)
        frame.key, frame.last = None, ""

    def _is_redacted(
        self, frame: _Frame, start: int, end: int, said: str | None, word: str
    ) -> bool:
        """Redact the value that stands there if it is a secret; note it if it may be."""
        if word in _WITHOUT_SECRET:
            frame.strings.append(None)
            return False
        name = self._name_of(frame, is_string=said is not None or word in {"{", "["})
        frame.strings.append(said)
        if name is not None:
            self._redact(start, end, name)
            return True
        if frame.key is not None:
            key = normal_name(frame.key)
            if said is not None and key in _NAMES and self._finder.is_secret(said):
                frame.secret = said
            elif key in _VALUES:
                frame.values.append((start, end))
        return False

    def _name_of(self, frame: _Frame, *, is_string: bool) -> str | None:
        """The name of the secret that follows, None if none does."""
        if frame.key is not None:
            # `password: String` of a schema is none.
            is_value = is_string or frame.is_quoted
            return frame.key if is_value and self._finder.is_secret(frame.key) else None
        if frame.kind != "[" or not frame.strings:
            return None
        name = None
        if frame.is_flat:
            name = frame.strings[-1] if len(frame.strings) % 2 else None
        elif frame.is_pair:
            name = frame.strings[0]
        return name if name is not None and self._finder.is_secret(name) else None

    def _redact(self, start: int, end: int, name: str) -> None:
        self._finder.note(name)
        self._edits.append((start, end, f'"{REDACTED}"'))

    def _edited(self) -> str:
        parts, done = [], 0
        # An edit around others comes first.
        for start, end, new in sorted(self._edits, key=lambda edit: (edit[0], -edit[1])):
            if start >= done:
                parts += [self._text[done:start], new]
                done = end
        return "".join([*parts, self._text[done:]])
