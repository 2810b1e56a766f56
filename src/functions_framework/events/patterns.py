"""Patterns of event types: exact, all below a name (`com.example.*`), or all there are (`*`)."""

from __future__ import annotations

ALL = "*"


def fits(kind: str, pattern: str) -> bool:
    """Whether an event type, or another pattern's every type, is one of a pattern's."""
    if pattern in {kind, ALL}:
        return True
    return pattern[-2:] == ".*" and kind.startswith(pattern[:-1])


def overlap(first: str, second: str) -> bool:
    """Whether there are types that are of both patterns."""
    return fits(first, second) or fits(second, first)


def fault_of(pattern: object) -> str | None:
    """What is wrong with a pattern, None where it is one."""
    if not isinstance(pattern, str) or not pattern or pattern != pattern.strip():
        return "expected the type of an event, such as 'com.example.order'"
    if ALL in pattern.removesuffix(".*") and pattern != ALL:
        return "'*' stands alone or after the last dot, as in 'com.example.*'"
    return None
