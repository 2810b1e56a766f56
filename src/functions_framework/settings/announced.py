"""Variables the framework writes for functions to read, told apart from those that users set.

What it wrote itself isn't a setting: of two apps in one process the second must not take the first
one's signature for its own. The variables stay readable, as 3.10 has them.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# What stands in the process's environment, object by object: a text that somebody else sets is
# another object, even where it reads the same.
_stored: Any = os.environb if os.supports_bytes_environ else os.environ
_encode: Any = os.fsencode if os.supports_bytes_environ else str

# By name: what was written, and what the user had there.
_announced: dict[str, tuple[Any, str | None]] = {}


def announce(name: str, value: str) -> None:
    """Set a variable for functions, and for whatever processes they start, to read."""
    kept = environ().get(name)
    written = _encode(value[:1]) + _encode(value[1:])
    _stored[_encode(name)] = written
    _announced[name] = written, kept


def environ() -> Mapping[str, str]:
    """The environment that settings are read from: what users set."""
    ours = {
        name: kept
        for name, (written, kept) in _announced.items()
        # Interpreters keep one object for each short text.
        if len(written) > 1 and _stored.get(_encode(name)) is written
    }
    if not ours:
        return os.environ
    found = {**os.environ, **ours}
    return {name: value for name, value in found.items() if value is not None}
