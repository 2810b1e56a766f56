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


GREEN = "32"
YELLOW = "33"
RED = "31"
DIM = "2"

PATIENCE_SECONDS = 1.0


def say(line: str) -> None:
    """Write a line to stderr."""
    _write(printable_lines(line))


def announce(line: str, *more: str) -> None:
    """Write a line that things are well, and what there is to know beside it."""
    _write(coloured(printable_lines(line), GREEN))
    for further in more:
        say(further)


def warn(line: str) -> None:
    """Write a warning."""
    _write(f"{coloured('Warning:', YELLOW)} {printable_lines(line)}")


def fail(line: str) -> None:
    """Write an error."""
    _write(f"{coloured('Error:', RED)} {printable_lines(line)}")


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the server's own word


def tell(error: FunctionsFrameworkException) -> int:
    """Print an error of the framework's own; the code to exit with."""
    fail(str(error))
    return error.exit_code


def is_seen() -> bool:
    """Whether a person reads stderr, and not a program."""
    return sys.stderr is not None and sys.stderr.isatty()


def has_colours() -> bool:
    """Whether stderr shows colours: a terminal that has some, or anything where they are forced.

    `NO_COLOR` (no-color.org) beats `FORCE_COLOR` (force-color.org), as in Python itself.
    """
    return are_colours_forced() or (is_seen() and are_colours_welcome())


def are_colours_forced() -> bool:
    """Whether somebody said `FORCE_COLOR`, and nobody `NO_COLOR`."""
    return bool(os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR")


def coloured(text: str, colour: str) -> str:
    """A text in the colour of a number (ECMA-48, SGR) where stderr shows colours."""
    return f"\x1b[{colour}m{text}\x1b[0m" if has_colours() else text


@contextlib.contextmanager
def restored() -> Iterator[Callable[[], None]]:
    """Put the terminal's modes back at the end, or when what is given is called.

    A worker that ends while it asks for a line leaves a terminal that shows nothing that is typed.
    While the terminal is another job's, its modes are as well.
    """
    try:
        import termios
    except ImportError:  # no descriptor is left to read it with
        yield lambda: None
        return
    try:
        found = termios.tcgetattr(0)
    except (OSError, termios.error):  # no terminal
        yield lambda: None
        return

    def restore() -> None:
        if not _is_anothers():
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, found)

    try:
        yield restore
    finally:
        restore()


def _is_anothers() -> bool:
    """Whether another job has the terminal, which stops those who set its modes (SIGTTOU)."""
    try:
        return os.tcgetpgrp(0) != os.getpgrp()
    except OSError:  # a terminal of another session, which stops nobody here
        return False


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
    if not is_seen():
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
