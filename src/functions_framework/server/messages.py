"""What parent and worker tell each other over their socket pair: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

DRAIN = b"drain\n"
"""Parent to worker: stop accepting, finish what is in flight within the grace period, exit."""

RETIRE = b"retire\n"
"""The same without hurry, as the server goes on; `DRAIN` may follow."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker listens.

    Attributes:
        what: the functions it serves, as the start-up line names them.
        is_async: whether all run on the event loop.
    """

    what: str
    is_async: bool


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Leaving:
    """The worker wants to be replaced, and to be told to drain then.

    Attributes:
        reason: one phrase for the log.
        is_patient: whether what it has in flight may take its time.
    """

    reason: str
    is_patient: bool = False


@dataclass(frozen=True, slots=True)
class Local:
    """Which files of the user's own the worker imported, or failed to.

    Attributes:
        files: absolute paths.
    """

    files: list[str]


@dataclass(frozen=True, slots=True)
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
    return json.dumps([type(report).__name__.lower(), asdict(report)]).encode() + b"\n"


def decode(line: bytes) -> Report:
    """Read one line back."""
    kind, values = json.loads(line)
    return _KINDS[kind](**values)
