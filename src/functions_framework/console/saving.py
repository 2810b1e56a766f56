"""Saves a call that the console shows: as a recording, or as a file of pytest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.recording.directory import Directory
from functions_framework.recording.pytest_file import tests_of
from functions_framework.recording.replay import why_not

if TYPE_CHECKING:
    from functions_framework.recording.exchange import Exchange

_IGNORED = ("date",)


class NotSaved(Exception):  # noqa: N818 - said to who asked
    """A call cannot be saved; says why."""


def save_recording(exchange: Exchange, directory: Path) -> Path:
    """Write a recording, without secrets, as --record does; the file.

    Raises:
        NotSaved: there is nothing to replay, or nothing can be written there.
    """
    recording = exchange.recording()
    _require(exchange)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return Directory(str(directory)).write(recording)
    except OSError as error:
        raise NotSaved(f"{directory} cannot be written: {error.strerror}.") from None


def save_test(exchange: Exchange, source: Path) -> Path:
    """Write a test of the call beside the source, or into its `tests`; the file, a new one.

    Raises:
        NotSaved: there is nothing to test, or nothing can be written there.
    """
    recording = exchange.recording()
    _require(exchange)
    folder = source.parent / "tests"
    folder = folder if folder.is_dir() else source.parent
    relative = Path(os.path.relpath(source, folder)).as_posix()
    text = tests_of([recording], relative, _IGNORED)
    stem = f"test_{recording.function or 'recorded'}"
    number = 1
    while True:
        file = folder / (f"{stem}.py" if number == 1 else f"{stem}_{number}.py")
        try:
            with file.open("x", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
            return file
        except FileExistsError:
            number += 1
        except OSError as error:
            raise NotSaved(f"{file} cannot be written: {error.strerror}.") from None


def _require(exchange: Exchange) -> None:
    reason = why_not(exchange.recording())
    if reason is not None:
        raise NotSaved(f"This call cannot be sent again: {reason}.")
