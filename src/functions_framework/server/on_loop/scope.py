"""The ASGI scope (HTTP, 2.3) of one of Granian's requests, its costly parts made when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.execution import Execution

_EXECUTION_ID = b"function-execution-id"
_SAME_IN_ALL = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "raw_path": None,
    "root_path": "",
}
_LATER = ("headers", "client", "server", "scheme", "http_version", "query_string")


class RequestScope(dict[str, Any]):
    """A scope that asks the engine for a part when somebody reads it.

    To whoever reads, tests, iterates or copies it, it is a complete dict.

    Attributes:
        fields: the header fields as text, in order.
        by_name: the same by lower-case name, the last of a repeated one.
    """

    __slots__ = ("_request", "_running", "by_name", "fields")

    def __init__(
        self, request: Any, fields: list[tuple[str, str]], by_name: dict[str, str]
    ) -> None:
        self.update(_SAME_IN_ALL)
        self["method"] = request.method
        self["path"] = request.path
        self._request = request
        self._running: Execution | None = None
        self.fields = fields
        self.by_name = by_name

    @property
    def query(self) -> str:
        """The query string, undecoded; the engine takes its bytes for UTF-8."""
        return self._request.query_string  # type: ignore[no-any-return]

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
        request = self._request
        if key == "headers":
            return self._headers()
        if key in {"client", "server"}:
            return address(getattr(request, key))
        value = getattr(request, key)
        return value.encode() if key == "query_string" else value

    def _headers(self) -> list[tuple[bytes, bytes]]:
        found = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.fields]
        if self["http_version"] == "2" and "host" not in self.by_name and self._request.authority:
            # HTTP/2 names the host in `:authority` (RFC 9113 section 8.3.1).
            found.insert(0, (b"host", self._request.authority.encode("latin-1")))
        if self._running is not None:
            found = [pair for pair in found if pair[0] != _EXECUTION_ID]
            found.append((_EXECUTION_ID, self._running.execution_id.encode()))
        return found

    def get(self, key: str, default: Any = None) -> Any:
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


def address(text: str) -> tuple[str, int]:
    """Split `1.2.3.4:5` or `[::1]:5`."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
