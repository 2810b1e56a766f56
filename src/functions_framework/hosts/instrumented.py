"""Whether somebody has put code into Flask or Starlette, as agents that watch programs do.

Where they have, requests go the whole way through these, so that agents see what they look for.
What an agent does there is its own business; its name matters to know that one is loaded.
"""

from __future__ import annotations

import sys
from types import FunctionType, WrapperDescriptorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Agents that wait for an import of Flask or Starlette before they change it.
_AGENTS = frozenset(
    {
        "appsignal", "ddtrace", "elasticapm", "instana", "logfire", "newrelic",
        "opentelemetry.instrumentation", "scout_apm", "sentry_sdk",
    }
)  # fmt: skip


def is_agent_loaded() -> bool:
    """Whether one of the known agents was imported."""
    return not _AGENTS.isdisjoint(sys.modules)


def are_replaced(classes: Iterable[type], *packages: str) -> bool:
    """Whether a method of some classes, or a class among their parents, is not the packages' own.

    Args:
        classes: theirs, as they are now.
        packages: the top-level packages the classes come from.
    """
    parents = {parent for given in classes for parent in given.__mro__}
    others = [item for item in parents if _root(item.__module__) not in sys.stdlib_module_names]
    return any(
        _root(parent.__module__) not in packages
        or not all(_is_own(value, packages) for value in vars(parent).values())
        for parent in others
    )


def is_function_of(value: object, *packages: str) -> bool:
    """Whether a module's function is a plain one that the packages define."""
    return type(value) is FunctionType and _root(value.__globals__["__name__"]) in packages


def _is_own(value: Any, packages: tuple[str, ...]) -> bool:
    kind = type(value)
    if kind is staticmethod or kind is classmethod:
        return _is_own(value.__func__, packages)
    if kind is property:
        return all(_is_own(part, packages) for part in (value.fget, value.fset, value.fdel))
    if kind is FunctionType:
        return is_function_of(value, *packages)
    return kind is WrapperDescriptorType or isinstance(value, type) or not callable(value)


def _root(module: str) -> str:
    return module.partition(".")[0]
