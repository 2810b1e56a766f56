"""Log records: their formats, the standard streams, crashes and requests; public names only.

`configure` is called by the command, in the process that serves; the Python API never calls it
and importing this package changes nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .access import log_access
from .call_end import CallEnd, call_end
from .context import ContextFilter
from .crash import log_crash
from .legacy import setup_logging

if TYPE_CHECKING:
    from .configuration import configure
    from .json_formatter import JsonFormatter
    from .streams import flush_call

__all__ = [
    "CallEnd",
    "ContextFilter",
    "JsonFormatter",
    "call_end",
    "configure",
    "flush_call",
    "log_access",
    "log_crash",
    "setup_logging",
]

_LAZY = {
    "JsonFormatter": "json_formatter",
    "configure": "configuration",
    "flush_call": "streams",
}


def __getattr__(name: str) -> Any:
    """Import the names that need more than logging when they are asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
