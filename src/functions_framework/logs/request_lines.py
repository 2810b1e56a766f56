"""A line for each request while somebody develops: method, path, status, milliseconds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from functions_framework.runtime.escaping import printable
from functions_framework.runtime.terminal import DIM, GREEN, RED, YELLOW, coloured

from .access import WEBSOCKET

if TYPE_CHECKING:
    from functions_framework.model.execution import Execution


_GOOD_ENDS = frozenset({1000, 1001, 1005})
"""Close codes of WebSockets that ended as they should."""


def show_request(
    method: str,
    path: str,
    status: int,
    _size: int,
    seconds: float,
    _running: Execution | None,
) -> None:
    """Write one answered request to stderr; arguments as those of `log_access`."""
    is_good = status < 400 or (method == WEBSOCKET and status in _GOOD_ENDS)
    colour = GREEN if is_good else YELLOW if status < 500 else RED
    took = coloured(f"{seconds * 1000:.1f} ms", DIM)
    line = f"{printable(method):<4} {printable(path)} {coloured(str(status), colour)} {took}\n"
    # One piece, as other threads write there too.
    sys.stderr.write(line)
    sys.stderr.flush()
