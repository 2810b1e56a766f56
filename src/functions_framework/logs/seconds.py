"""The text that all times of one second begin with: made once, and kept until the next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Seconds:
    """Texts of seconds, of which the last is known.

    Args:
        make: gives the text of a whole second, in seconds since the epoch.
    """

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[float], str]) -> None:
        self._make = make
        self._known = -math.inf, ""

    def text_of(self, created: float) -> str:
        """The text of the second that a time is in, in seconds since the epoch."""
        second, text = self._known
        if not 0.0 <= created - second < 1.0:
            second = created // 1
            text = self._make(second)
            self._known = second, text  # both at once, as threads share them
        return text
