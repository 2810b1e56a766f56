"""The ASGI scope (HTTP, 2.3) of one of Granian's requests, its costly parts made when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.model.execution import EXECUTION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.execution import Execution

    from ..wire.interfaces import RequestHead

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
        by_name: the header fields as text by lower-case name, one value each.
    """

    __slots__ = ("_given", "_running", "by_name")

    def __init__(self, head: RequestHead, by_name: dict[str, str]) -> None:
        self.update(_SAME_IN_ALL)
        self["method"] = head.method
        self["path"] = head.path
        self._given = head.asgi
        self._running: Execution | None = None
        self.by_name = by_name

    @property
    def query(self) -> str:
        """The query string, undecoded."""
        return self._given["query_string"].decode("latin-1")

    def show_id_of(self, running: Execution) -> None:
        """Let the headers hold the id of a call whose request has none, or an empty one."""
        self._running = running
        if dict.__contains__(self, "headers"):
            self["headers"] = self._headers()

    def __missing__(self, key: str) -> Any:
        if key not in _LATER:
            raise KeyError(key)
        value = self[key] = self._make(key)
        return value

    def _make(self, key: str) -> Any:
        if key == "headers":
            return self._headers()
        value = self._given[key]  # type: ignore[literal-required]
        return (value[0], int(value[1])) if key in {"client", "server"} else value

    def _headers(self) -> list[tuple[bytes, bytes]]:
        found = self._given["headers"]
        if self._running is not None:
            found = [pair for pair in found if pair[0] != _EXECUTION_ID]
            found.append((_EXECUTION_ID, self._running.execution_id.encode()))
        return found

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
        for key in _LATER:
            self[key]
        return {key: dict.__getitem__(self, key) for key in dict.__iter__(self)}
