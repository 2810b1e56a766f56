"""Closing what is iterated, an iterable and its iterator, where they can be closed."""

from __future__ import annotations

TYPE_CHECKING = False


def close(parts: object, body: object) -> None:
    """Close an iterator and the iterable it is of, both even if the first fails.

    Args:
        parts: the iterator, perhaps a generator with a `finally` of its own; None before the start.
        body: the iterable, often the same.
    """
    try:
        if parts is not body:
            _close(parts)
    finally:
        _close(body)


def _close(item: object) -> None:
    end = getattr(item, "close", None)
    if end is not None:
        end()


async def aclose(parts: object, body: object) -> None:
    """The same for async ones."""
    try:
        if parts is not body:
            await _aclose(parts)
    finally:
        await _aclose(body)


async def _aclose(item: object) -> None:
    end = getattr(item, "aclose", None)
    if end is not None:
        await end()
