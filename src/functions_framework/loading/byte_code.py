"""Sources that were saved a moment ago: what the interpreter caches of them may be of another text.

It tells by the size and by the time in whole seconds whether byte code is a source's (PEP 3147),
so what is saved again within a second may look like what was loaded before, and for ever.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_YOUNG_SECONDS = 2.0
"""One for what is cut off, one for file systems and clocks that are not as exact."""


@contextmanager
def none_of_young_sources() -> Iterator[None]:
    """Until the end of the block, neither read nor write the byte code of sources that are young.

    All others have theirs, as those of an image that was built earlier.
    """
    path_stats = SourceFileLoader.path_stats

    def of_older(loader: SourceFileLoader, path: str) -> dict[str, float]:
        found: dict[str, float] = path_stats(loader, path)  # type: ignore[assignment]
        if abs(time.time() - found["mtime"]) < _YOUNG_SECONDS:
            raise OSError(f"{path} is too young for byte code.")
        return found

    SourceFileLoader.path_stats = of_older  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign]
