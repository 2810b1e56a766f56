"""What is said to the operator on a terminal: lines, colours, what still goes on; its modes.

Log records are `logs`' business.
"""

from __future__ import annotations

import contextlib
import os
import sys

from functions_framework.runtime.escaping import printable_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_framework.exceptions import FunctionsFrameworkException


_GREEN = "32"
_YELLOW = "33"
_RED = "31"

PATIENCE_SECONDS = 1.0


def say(line: str) -> None:
    """Write a line to stderr."""
    _write(printable_lines(line))


def announce(line: str) -> None:
    """Write a line that things are well."""
    _write(_coloured(printable_lines(line), _GREEN))


def warn(line: str) -> None:
    """Write a warning."""
    _write(f"{_coloured('Warning:', _YELLOW)} {printable_lines(line)}")


def fail(line: str) -> None:
    """Write an error."""
    _write(f"{_coloured('Error:', _RED)} {printable_lines(line)}")


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the server's own word


def tell(error: FunctionsFrameworkException) -> int:
    """Print an error of the framework's own; the code to exit with."""
    print(f"Error: {printable_lines(str(error))}", file=sys.stderr)  # noqa: T201 - the command's own word
    return error.exit_code


def has_colours() -> bool:
    """Whether stderr shows colours: a terminal, and nobody said NO_COLOR (no-color.org)."""
    if not sys.stderr.isatty():
        return False
    return are_colours_welcome()


def _coloured(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if has_colours() else text


@contextlib.contextmanager
def restored() -> Iterator[Callable[[], None]]:
    """Put the terminal's modes back at the end, or when what is given is called.

    A worker that ends while it asks for a line leaves a terminal that shows nothing that is typed.
    """
    try:
        import termios

        found = termios.tcgetattr(0)
    except (ImportError, OSError, termios.error):  # no terminal
        yield lambda: None
        return

    def restore() -> None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, found)

    try:
        yield restore
    finally:
        restore()


def are_colours_welcome() -> bool:
    """Whether nobody said `NO_COLOR` (no-color.org) and the terminal is none that lacks them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def progress(what: str) -> Iterator[None]:
    """Say once on a terminal's stderr what is going on, if the block takes over a second.

    One whole line, never rewritten: the block may ask for input (`breakpoint()`) meanwhile.

    Args:
        what: what is going on, such as `calling hello`.
    """
    if not sys.stderr.isatty():
        yield
        return

    def say() -> None:
        print(f"… still {what} (Ctrl-C ends it)", file=sys.stderr, flush=True)  # noqa: T201

    import threading

    timer = threading.Timer(PATIENCE_SECONDS, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
