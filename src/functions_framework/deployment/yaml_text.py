"""Writes YAML with comments: what people read, change and keep in their repositories.

A key that starts with `#` is a comment above what follows it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# What YAML 1.1 and 1.2 both take for a text without quotes; in brackets, commas need them too.
_WORD = r"[A-Za-z0-9_./$@%+,=-]+(?::+[A-Za-z0-9_./$@%+,=-]+)*"
_PLAIN = re.compile(rf"(?=[A-Za-z/$]){_WORD}(?: {_WORD})*|[0-9]+(?:m|[KMG]i)")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class Raw(str):
    """A text that stands as it is, such as a tag with its value."""

    __slots__ = ()


def yaml_of(*documents: dict[str, Any], head: str = "") -> str:
    """The text of documents, one below the other.

    Args:
        documents: of dicts, lists, texts, numbers and booleans.
        head: the comment on top of the file.
    """
    texts = ["".join(f"{line}\n" for line in _mapping(one, 0)) for one in documents]
    return (f"# {head}\n" if head else "") + "---\n".join(texts)


def _mapping(value: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, item in value.items():
        if key.startswith("#"):
            yield indent + key
            continue
        written = _scalar(key)
        if isinstance(item, dict) and item:
            yield f"{indent}{written}:"
            yield from _mapping(item, depth + 1)
        elif isinstance(item, list) and not _is_short(item):
            yield f"{indent}{written}:"
            yield from _list(item, depth + 1)
        else:
            yield f"{indent}{written}: {_scalar(item)}"


def _list(value: list[Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for item in value:
        if not isinstance(item, dict):
            yield f"{indent}- {_scalar(item)}"
            continue
        lines = list(_mapping(item, depth + 1))
        while lines[0].lstrip().startswith("#"):
            yield indent + lines.pop(0).lstrip()
        yield f"{indent}- {lines[0].lstrip()}"
        yield from lines[1:]


def _is_short(value: list[Any]) -> bool:
    """Whether a list stands in brackets on one line."""
    return all(not isinstance(item, (dict, list)) for item in value) and len(str(value)) < 80


def _scalar(value: Any, *, is_in_brackets: bool = False) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        is_split = is_in_brackets and "," in value
        return value if is_plain and not is_split else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(_scalar(item, is_in_brackets=True) for item in value)}]"
    if isinstance(value, dict):
        return "{}"
    return json.dumps(value)
