"""Since when nothing has moved on connections, but for pings of HTTP/2 and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.runtime.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .look import Connection

_NEXT_TO_NOTHING = 1024
"""Bytes of pings, of their responses and of settings; what is worth waiting for has more."""


class _Mark(NamedTuple):
    connection: Connection
    moved: int
    moment: float
    is_first: bool


class Progress:
    """Remembers how far connections were, from one look at them to the next.

    Args:
        measure: how far one is, in bytes.
    """

    def __init__(self, measure: Callable[[Connection], int]) -> None:
        self._measure = measure
        self._marks: dict[tuple[int, tuple[str, int]], _Mark] = {}

    def note(self, connections: Iterable[Connection], now: float) -> None:
        """Note how far connections are."""
        marks = {}
        for item in connections:
            key, moved = (item.descriptor, item.peer), self._measure(item)
            mark = self._marks.get(key)
            if mark is None or moved < mark.moved:
                mark = _Mark(item, moved, now, is_first=True)
            elif moved - mark.moved >= _NEXT_TO_NOTHING:
                mark = _Mark(item, moved, now, is_first=False)
            marks[key] = mark
        self._marks = marks

    def stuck(self, since: float) -> list[Connection]:
        """Those that have not moved since a moment, as far as they were noted."""
        return [mark.connection for mark in self._marks.values() if mark.moment <= since]

    def moving(self, since: float) -> set[str]:
        """The addresses of those that have moved since a moment."""
        return {
            mark.connection.peer[0]
            for mark in self._marks.values()
            if mark.moment > since and not mark.is_first
        }
