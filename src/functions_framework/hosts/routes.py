"""Which of several functions on one port owns a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import described

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_framework.model.function import Function

Owner = TypeVar("Owner")


class Routes(Generic[Owner]):
    """Finds the owner of a path.

    An owner of `/orders` gets `/orders` and everything under `/orders/`, unless a longer path has
    an owner of its own; an owner of `/` gets what is left. A single owner without a path of its
    own gets everything.
    """

    def __init__(self, owners: Iterable[tuple[str | None, Owner]]) -> None:
        listed = list(owners)
        self.only = listed[0][1] if len(listed) == 1 and listed[0][0] is None else None
        self._by_path = {path: owner for path, owner in listed if path is not None}

    def find(self, path: str) -> Owner | None:
        """The owner of a path, None if it has none."""
        if self.only is not None:
            return self.only
        owners = self._by_path
        prefix = path.rstrip("/")
        while prefix:
            owner = owners.get(prefix)
            if owner is not None:
                return owner
            prefix = prefix.rpartition("/")[0]
        return owners.get("/")


def paths_of(functions: list[Function]) -> list[tuple[str | None, Function]]:
    """Each function with the path it owns: its own, `/<name>`, or None for a single one.

    Functions that take CloudEvents by type share a path, as one.

    Raises:
        InvalidConfigurationException: a path is malformed, or two functions share one.
    """
    if any("types" in function.options for function in functions):
        from .event_handlers import grouped

        functions = grouped(functions)
    if len(functions) == 1 and functions[0].path is None:
        return [(None, functions[0])]
    owners: dict[str, Function] = {}
    for function in functions:
        path = f"/{function.name}" if function.path is None else checked_path(function)
        if path in owners:
            raise InvalidConfigurationException(
                f"The functions {described(owners[path])} and {described(function)} share the path "
                f"{path!r}. Give one of them another with path=."
            )
        owners[path] = function
    return list(owners.items())


def checked_path(function: Function) -> str:
    """A function's own path, without a slash at its end.

    Raises:
        InvalidConfigurationException: it does not start with a slash, or holds a `?` or `#`.
    """
    path = function.path or ""
    if not path.startswith("/") or set("?#") & set(path):
        raise InvalidConfigurationException(
            f"The path {path!r} of {described(function)} isn't a valid path: it must start with "
            "'/' and hold neither '?' nor '#'."
        )
    return path.rstrip("/") or "/"
