"""A body that comes in pieces is held once, and is the same however long it was said to be."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from functions_framework.server.wire.whole import Whole

PIECE = bytes(range(256)) * 256
MIB = 2**20
LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def whole(size: int, declared: int | None) -> bytes:
    made = Whole(declared)
    for start in range(0, size, len(PIECE)):
        made.add(PIECE[: size - start])
    return made.taken()


@pytest.mark.parametrize("size", [0, 1, MIB, 2 * MIB, 5 * MIB, 5 * MIB + 1])
@pytest.mark.parametrize("declared", [None, 0, -1, +1, 2**34])
def test_it_is_what_came(size: int, declared: int | None) -> None:
    """A length that isn't kept is another's to refuse: nothing is added and nothing left out."""
    length = size + declared if declared in {-1, 0, 1} else declared
    found = whole(size, length)
    assert type(found) is bytes
    assert found == (PIECE * (size // len(PIECE) + 1))[:size]


@pytest.mark.skipif(
    not LARGE_PAGES.exists() or "[never]" in LARGE_PAGES.read_text(), reason="no large pages here"
)
def test_its_memory_comes_in_large_pages() -> None:
    """A body of 32 MiB has 8,192 small ones, each of which the system would be asked for."""
    whole(32 * MIB, 32 * MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    found = whole(32 * MIB, 32 * MIB)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 4096
    assert len(found) == 32 * MIB
