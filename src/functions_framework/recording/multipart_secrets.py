"""The parts of a multipart body (RFC 2046, section 5.1; RFC 7578) and the names they go under."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOUNDARY = re.compile(r"""\bboundary\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]+)""", re.IGNORECASE)
_FIRST_LINE = re.compile(r"\s*--([^\r\n]+)")
_HEAD = re.compile(r"(.*?)(?:\r?\n\r?\n|\Z)", re.DOTALL)
_FOLDED = re.compile(r"\r?\n[ \t]+")
# `name=`, `name*=` (RFC 5987) and `name*0=`, `name*1*=`, … (RFC 2231).
_NAME = re.compile(
    r"""(?:;|\s)\s*name(\*?)(?:([0-9]+)(\*?))?\s*=\s*("(?:[^"\\]|\\.)*"|[^;\r\n]*)""", re.IGNORECASE
)


def parts_of(text: str, content_type: str) -> Iterator[tuple[str | None, int, int]]:
    """Each part's name, None without, and where its content begins and ends.

    Args:
        text: the body, which may be cut off.
        content_type: names the boundary; where it does not, the body's first line is taken for it.
    """
    named = _BOUNDARY.search(content_type) or _FIRST_LINE.match(text)
    if named is None:
        return
    boundary = _unquoted(named[1])
    # A boundary is a whole line: what only begins like one is content.
    ends = re.compile(rf"(?:^|\r?\n)--{re.escape(boundary)}(?:--)?[ \t]*(?=\r?\n|\Z)")
    marks = list(ends.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        end = following.start() if following else len(text)
        head = _HEAD.match(text, mark.end(), end)
        if head is not None and head.end() <= end:
            yield _name_of(head[1]), head.end(), end


def _name_of(head: str) -> str | None:
    lines = [line for line in _FOLDED.sub(" ", head).splitlines() if line]
    found = [line for line in lines if line.lower().startswith("content-disposition")]
    pieces: dict[int, str] = {}
    extended = None
    for line in found:
        for star, number, is_encoded, value in _NAME.findall(line):
            said = _unquoted(value.strip())
            if number:
                pieces[int(number)] = unquote(said.rpartition("'")[2]) if is_encoded else said
            elif star:
                extended = unquote(said.rpartition("'")[2])
            else:
                pieces.setdefault(0, said)
    # Whoever names it twice may mean either.
    plain = "".join(pieces[number] for number in sorted(pieces)) if pieces else None
    return " ".join(filter(None, [plain, extended])) or None


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])
