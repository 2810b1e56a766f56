"""What is said of an event that is not what a function takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import MalformedRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..problems import Fault

_MOST_FAULTS = 3


class InvalidEventData(MalformedRequest):
    """The event is readable but not what the function takes: 400, its wrong fields named."""


def unfit(cls: type[Any], faults: Sequence[Fault], place: str = "") -> InvalidEventData:
    """The refusal of an event, in a line that names fields and never what is in them."""
    shown = []
    for fault in faults[:_MOST_FAULTS]:
        path = ".".join([*filter(None, [place]), *map(str, fault.path)]) or "the data"
        shown.append(f"{path}: {fault.detail.rstrip('.')}")
    more = len(faults) - len(shown)
    end = f"; and {more} more" if more > 0 else ""
    return InvalidEventData(f"The event is not {article(cls)}: {'; '.join(shown)}{end}.")


def article(cls: type[Any]) -> str:
    """A class's name as messages have it."""
    name = cls.__name__
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
