"""Ending a process that threads of the engine live in.

The interpreter ends threads that want its lock while it is taken down. Those of the engine are in
Rust, which must not be unwound: the process would be aborted now and then.
"""

from __future__ import annotations

import atexit
import os
import sys

from . import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def wind_up() -> None:
    """Call what was registered for the exit, and send what is buffered: `os._exit` does not."""
    atexit._run_exitfuncs()  # noqa: SLF001 - nothing else calls them
    output.flush()


def end_process(code: object) -> NoReturn:
    """End this process as `sys.exit` would, but without taking the interpreter down.

    Args:
        code: as of `SystemExit`: a number, None for 0, or a text that is shown.
    """
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - what the interpreter would do
    number = code if isinstance(code, int) else 0 if code is None else 1
    wind_up()
    os._exit(number)
