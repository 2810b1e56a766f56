"""What `check` finds: one value a finding."""

from __future__ import annotations

from typing import NamedTuple

ERROR = "error"
WARNING = "warning"


class Finding(NamedTuple):
    """Something that is wrong, or will be slow, with a source.

    Attributes:
        level: `error` or `warning`.
        code: a word for programs, such as `blocking-call`.
        message: what was found and what to do, in a line.
        line: the line of the source, from 1; None for the source as a whole.
    """

    level: str
    code: str
    message: str
    line: int | None = None
