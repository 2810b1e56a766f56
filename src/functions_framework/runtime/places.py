"""Places for calls besides those in progress, as many as whoever limits calls has left over.

A request that is several calls has one place; for each of them that is to run at the same time as
another it takes one more here. Where nobody limits calls there is always one.
"""

from __future__ import annotations

from collections.abc import Callable

GiveBack = Callable[[], object]
"""Gives a place back, once."""


def _nothing() -> None:
    """Nobody counts places."""


def _unlimited() -> GiveBack | None:
    return _nothing


_source: Callable[[], GiveBack | None] = _unlimited


def take() -> GiveBack | None:
    """Take a place for one call more, None where none is free; may be called in any thread."""
    return _source()


def take_from(source: Callable[[], GiveBack | None] | None) -> None:
    """Let places be handed out by a source, None for no limit."""
    global _source  # noqa: PLW0603 - a process has one that limits calls
    _source = source or _unlimited
