"""A line for each request while somebody develops: method, path, status, milliseconds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from functions_framework.runtime.escaping import printable
from functions_framework.runtime.terminal import DIM, GREEN, RED, YELLOW, coloured

if TYPE_CHECKING:
    from functions_framework.model.execution import Execution


def show_request(
    method: str,
    path: str,
    status: int,
    _size: int,
    seconds: float,
    _running: Execution | None,
) -> None:
    """Write one answered request to stderr; arguments as those of `log_access`."""
    colour = GREEN if status < 400 else YELLOW if status < 500 else RED
    took = coloured(f"{seconds * 1000:.1f} ms", DIM)
    line = f"{printable(method):<4} {printable(path)} {coloured(str(status), colour)} {took}\n"
    # One piece, as other threads write there too.
    sys.stderr.write(line)
    sys.stderr.flush()
