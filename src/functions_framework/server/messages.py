"""What parent and worker tell each other over their socket pair: one report a line.

Written by `marshal`, in hexadecimal digits: both ends are one interpreter, and the parent process
stays as small as can be (`json` would bring regular expressions with it).
"""

from __future__ import annotations

import marshal
import os

from functions_framework.runtime.values import asdict, value_class

OWN_HOST = f"functions-framework%queue-{os.urandom(8).hex()}"
"""Who a worker asks for when it asks its server (see `engine_queue`): not a valid host, and known
to nobody else, as what is answered so is in no log. Made before the workers are."""

DRAIN = b"drain\n"
"""Parent to worker: stop accepting, finish what is in flight within the grace period, exit."""

TOLD = "it was told to stop"
"""Why a worker is leaving that got a signal itself, alone or with all others."""

RETIRE = b"retire\n"
"""The same without hurry, as the server goes on; `DRAIN` may follow."""


@value_class(frozen=True)
class Ready:
    """The worker listens.

    Attributes:
        what: the functions it serves, each as the start-up line names it.
        is_async: whether all run on the event loop.
    """

    what: list[str]
    is_async: bool


@value_class(frozen=True)
class Failed:
    """The function could not be loaded; the worker exits.

    Attributes:
        code: what the server exits with.
        kind: class name of the framework's own error, empty when the worker has said it all.
        text: that error's text.
    """

    code: int
    kind: str = ""
    text: str = ""


@value_class(frozen=True)
class Leaving:
    """The worker wants to be replaced, and to be told to drain then.

    Attributes:
        reason: one phrase for the log.
        is_patient: whether what it has in flight may take its time.
    """

    reason: str
    is_patient: bool = False


@value_class(frozen=True)
class Local:
    """Which files of the user's own the worker imported, or failed to.

    Attributes:
        files: absolute paths.
    """

    files: list[str]


@value_class(frozen=True)
class Prompt:
    """Somebody at the terminal looks at a call that has stopped at a breakpoint.

    Attributes:
        is_open: whether it begins or ends.
    """

    is_open: bool


Report = Ready | Failed | Leaving | Local | Prompt
_KINDS: dict[str, type[Report]] = {
    kind.__name__.lower(): kind for kind in (Ready, Failed, Leaving, Local, Prompt)
}


def encode(report: Report) -> bytes:
    """One line."""
    content = type(report).__name__.lower(), asdict(report)
    return marshal.dumps(content).hex().encode() + b"\n"


def decode(line: bytes) -> Report:
    """Read one line back."""
    kind, values = marshal.loads(bytes.fromhex(line.decode()))  # noqa: S302 - of our own process
    return _KINDS[kind](**values)
