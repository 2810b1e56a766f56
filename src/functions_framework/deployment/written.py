"""Files on disk beside those that would be written: what differs, and writing all or none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .platforms import IGNORED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEAD = re.compile(r"# (functions-framework deploy-files \S.*)")
# Where the files of platforms lie that say on top how they were written.
_PLACES = ("*.yaml", "*.yml")


class Comparison(NamedTuple):
    """How what is there compares with what would be written, by name.

    Attributes:
        missing: not there.
        same: there, the same.
        other: there, and different.
    """

    missing: list[str]
    same: list[str]
    other: list[str]


def compare(directory: Path, files: Mapping[str, str]) -> Comparison:
    """Compare files with what is in a directory.

    What stays out of an image is its owner's to say: any file of that name is right.

    Raises:
        OSError: one is there and cannot be read.
    """
    found = Comparison([], [], [])
    for name, text in files.items():
        path = directory / name
        if not path.exists() and not path.is_symlink():
            found.missing.append(name)
        elif name.endswith(IGNORED) or path.read_bytes().replace(b"\r\n", b"\n") == text.encode():
            found.same.append(name)
        else:
            found.other.append(name)
    return found


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write files; where one cannot be, those that were not there before are taken away again.

    Raises:
        OSError: a file or its directory cannot be written.
    """
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                made.append(path)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def commands_in(directory: Path, besides: str) -> list[str]:
    """The commands that wrote what is in a directory, without those of one platform."""
    found = set()
    for pattern in _PLACES:
        for path in directory.glob(pattern):
            with path.open(encoding="utf-8", errors="replace") as stream:
                head = _HEAD.fullmatch(stream.readline().rstrip("\r\n"))
            if head and head[1].split()[2] != besides:
                found.add(head[1])
    return sorted(found)
