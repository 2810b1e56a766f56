"""Which of the functions served takes what no path leads to: events, and bare payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions_framework.exceptions import InvalidPayload
from functions_framework.hosts.routes import paths_of
from functions_framework.model.function import Function, Signature

from .shapes import Shape, keys_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

_OF_EVENTS = frozenset({Signature.EVENT, Signature.CLOUDEVENT})
_OF_VALUES = frozenset({Signature.TYPED})
_TAKES = {
    Signature.HTTP: "HTTP requests, of an API, a function URL or a load balancer",
    Signature.EVENT: "events of AWS services, and one event as a direct payload",
    Signature.CLOUDEVENT: "events of AWS services, and CloudEvents as a direct payload",
    Signature.TYPED: "any payload",
    Signature.WEBSOCKET: "connections, of which Lambda has none",
}


class Entry(NamedTuple):
    """A function, and the path that leads to it."""

    path: str
    function: Function


class Entries:
    """The functions by what they take.

    Args:
        functions: what is served.

    Attributes:
        events: those that take events.
        values: those that take a value.
    """

    def __init__(self, functions: Sequence[Function]) -> None:
        self._functions = functions
        self.events: list[Entry] = []
        self.values: list[Entry] = []
        if not any(function.protocol for function in functions):
            every = [Entry(path or "/", function) for path, function in paths_of([*functions])]
            self.events = _of(every, _OF_EVENTS)
            self.values = _of(every, _OF_VALUES)

    def only(self, entries: Sequence[Entry], payload: Any, shape: Shape) -> Entry:
        """The one of several that a payload is for.

        Raises:
            InvalidPayload: there is none, or more than one.
        """
        if len(entries) == 1:
            return entries[0]
        if not entries:
            raise InvalidPayload(f"{self._described()} This invoke brings {keys_of(payload)}.")
        names = ", ".join(repr(entry.function.name) for entry in entries)
        raise InvalidPayload(
            f"Which of {names} takes the {shape.value}? Name one by FUNCTION_TARGET, or share one "
            "endpoint by @cloud_event(type=...)."
        )

    def _described(self) -> str:
        return " ".join(
            f"{function.name!r} takes {_TAKES[function.signature]}." for function in self._functions
        )


def _of(entries: Sequence[Entry], signatures: Collection[Signature]) -> list[Entry]:
    return [entry for entry in entries if entry.function.signature in signatures]
