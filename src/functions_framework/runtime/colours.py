"""Whether colours are welcome; whether there is a terminal that shows them is asked elsewhere."""

from __future__ import annotations

import os


def are_welcome() -> bool:
    """Whether nobody said `NO_COLOR` (no-color.org) and the terminal is none that lacks them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
