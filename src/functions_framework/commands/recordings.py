"""Finds the recordings a command line names and reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions_framework.recording.directory import SUFFIX
from functions_framework.recording.value import NoRecording, Recording, decode

from .faults import BadInput, read_json

if TYPE_CHECKING:
    from pathlib import Path


class Recorded(NamedTuple):
    """A recording and its file."""

    file: Path
    recording: Recording


def read_recordings(path: Path) -> list[Recorded]:
    """Read a recording, or all of a directory in the order they were made.

    Raises:
        BadInput: there is none, or one cannot be read.
    """
    if path.is_dir():
        files = sorted(path.glob(f"*{SUFFIX}"))
        if not files:
            raise BadInput(
                f"There are no recordings in {path}: no file ends with {SUFFIX}. "
                f"Serve with --record {path} to make some."
            )
    else:
        files = [path]
    return [Recorded(file, _read(file)) for file in files]


def _read(file: Path) -> Recording:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None
    read_json(content, str(file))
    try:
        return decode(content)
    except NoRecording as error:
        raise BadInput(f"{file} isn't a recording of --record: {error}.") from None
