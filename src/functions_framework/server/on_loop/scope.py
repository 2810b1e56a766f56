"""The ASGI scope (HTTP, 2.3) of one of Granian's requests, its costly parts made when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.model.execution import EXECUTION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.execution import Execution

    from ..wire.interfaces import HTTPScope, RequestHead

_EXECUTION_ID = EXECUTION_ID.lower().encode()
_SAME_IN_ALL = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "root_path": "",
}
_LATER = ("headers", "client", "server", "scheme", "http_version", "query_string", "raw_path")


class RequestScope(dict[str, Any]):
    """A scope that asks the engine for a part when somebody reads it.

    To whoever reads, tests, iterates or copies it, it is a complete dict.

    Attributes:
        given: the engine's scope.
        by_name: the header fields as text by lower-case name, one value each.
        running: the call that gives the headers its id where they have none, or an empty one.
    """

    __slots__ = ("by_name", "given", "running")

    given: HTTPScope
    by_name: dict[str, str]
    running: Execution | None

    @property
    def query(self) -> str:
        """The query string, undecoded."""
        return self.given["query_string"].decode("latin-1")

    def __missing__(self, key: str) -> Any:
        if key not in _LATER:
            raise KeyError(key)
        value: Any = self.given[key]  # type: ignore[literal-required]
        if key == "headers":
            if self.running is None:
                return value  # the call has not begun: they get its id
            value = _with_id(value, self.running)
        elif key == "client":
            # Who comes by a Unix domain socket has no address (ASGI, HTTP connection scope).
            value = (value[0], int(value[1])) if value[0] else None
        elif key == "server":
            value = value[0], int(value[1]) or None
        self[key] = value
        return value

    def get(self, key: str, default: object = None) -> Any:
        """As `dict.get`, for parts not made yet too."""
        # Named, as `super()` takes longer than the rest of a look that each call has.
        return self[key] if key in _LATER else dict.get(self, key, default)

    def __contains__(self, key: object) -> bool:
        return key in _LATER or super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._complete())

    def __len__(self) -> int:
        return len(self._complete())

    def keys(self) -> Any:
        """As `dict.keys`, of all parts."""
        return self._complete().keys()

    def items(self) -> Any:
        """As `dict.items`, of all parts."""
        return self._complete().items()

    def values(self) -> Any:
        """As `dict.values`, of all parts."""
        return self._complete().values()

    def copy(self) -> dict[str, Any]:
        """A plain dict of all parts."""
        return self._complete()

    def __eq__(self, other: object) -> bool:
        return self._complete() == (other.copy() if isinstance(other, RequestScope) else other)

    __hash__ = None

    def _complete(self) -> dict[str, Any]:
        later = {key: self[key] for key in _LATER}
        return {key: dict.__getitem__(self, key) for key in dict.__iter__(self)} | later


def scope_of(head: RequestHead, by_name: dict[str, str]) -> RequestScope:
    """The scope of a request whose header fields were read."""
    # No constructor: it would take as long as all of this.
    scope = RequestScope(_SAME_IN_ALL)
    scope["method"] = head.method
    scope["path"] = head.path
    scope.given = head.asgi
    scope.by_name = by_name
    scope.running = None
    return scope


def _with_id(headers: list[tuple[bytes, bytes]], running: Execution) -> list[tuple[bytes, bytes]]:
    found = [pair for pair in headers if pair[0] != _EXECUTION_ID]
    found.append((_EXECUTION_ID, running.execution_id.encode()))
    return found
