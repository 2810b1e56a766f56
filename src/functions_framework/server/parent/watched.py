"""What --reload watches: directories and files, as the process that watches is told of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.exceptions import InvalidConfigurationException

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions_framework.settings import Settings


class Watched(NamedTuple):
    """What is watched, and how.

    Attributes:
        directories: absolute paths, with all below them; that of the source is the first. One that
            is a link is followed wherever it leads in the course of time.
        files: single files whose every change counts, links among them.
        include: patterns of files that count beside Python files and templates.
        exclude: patterns of what does not count.
        is_polling: look again and again, where the system does not tell of changes.
        written: a directory that the server itself writes to.
        inodes: device and inode of files that the server itself writes to.
    """

    directories: Sequence[str]
    files: Sequence[str] = ()
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    is_polling: bool = False
    written: str | None = None
    inodes: Sequence[Sequence[int]] = ()

    @classmethod
    def of(cls, settings: Settings, source: Path, files: Sequence[str] = ()) -> Watched:
        """What the settings ask for.

        Args:
            settings: of them those of reloading, and the directory of recordings.
            source: the source's file as it was given, not followed where it is a link.
            files: further single files.

        Raises:
            InvalidConfigurationException: a directory to watch isn't there.
        """
        real = source.resolve()
        directories = [str(source.parent)]
        if not (real.is_relative_to(source.parent) or real.parent.samefile(source.parent)):
            directories.append(str(real.parent))
        directories += map(_existing, _split(settings.reload_dir))
        return cls(
            directories=list(dict.fromkeys(directories)),
            # Whoever replaces a directory as a whole changes a link on the way to the source.
            files=[*files, *([str(source)] if real != source else [])],
            include=_split(settings.reload_include),
            exclude=_split(settings.reload_exclude),
            is_polling=settings.reload_poll,
            written=settings.record and str(Path(settings.record).resolve()),
            inodes=list(_outputs()),
        )


def _existing(directory: str) -> str:
    if not Path(directory).is_dir():
        raise InvalidConfigurationException(
            f"Invalid value {directory!r} for --reload-dir: there is no such directory."
        )
    return os.path.abspath(directory)  # noqa: PTH100 - links are followed later


def _split(patterns: str | None) -> list[str]:
    return [pattern.strip() for pattern in (patterns or "").split(",") if pattern.strip()]


def _outputs() -> Iterator[tuple[int, int]]:
    """Device and inode of the files that stdout and stderr go to, if they go to files."""
    for descriptor in (1, 2):
        try:
            found = os.fstat(descriptor)
        except OSError:  # closed
            continue
        if stat.S_ISREG(found.st_mode):
            yield found.st_dev, found.st_ino
