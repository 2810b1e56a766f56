"""The directory recordings are kept in: written atomically, so many at most."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.runtime.escaping import own_logger
from functions_framework.settings.options import InvalidSettingException

from .value import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .value import Recording

SUFFIX = ".recorded.json"
"""The end of their names; writing one isn't a change of the source (see `source_changes`)."""

MOST = 1000
"""Recordings that are kept; the oldest give way."""

_log = own_logger("functions_framework.recording")


def require_writable(path: str) -> None:
    """Make the directory if there is none, and see that files can be written there.

    Raises:
        InvalidSettingException: they cannot.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return
    except OSError as error:
        reason = "it isn't a directory" if isinstance(error, FileExistsError) else error.strerror
        raise InvalidSettingException(
            f"--record: nothing can be written to {path!r}: {reason}. Name a directory that is "
            "yours to write, or one that does not exist."
        ) from None


class Directory:
    """Recordings on disk, named such that they sort by time.

    Several processes may share one.

    Args:
        path: where they are; see `require_writable`.
        most: how many are kept.
    """

    def __init__(self, path: str, most: int = MOST) -> None:
        # The function may change the working directory.
        self._path = Path(path).absolute()
        self._most = most
        self._is_failing = False

    def keep(self, make: Callable[[], Recording]) -> None:
        """Write a recording; what fails is logged, once in a row, and never the request's.

        Args:
            make: makes it.

        Raises:
            RequestTimeoutException: the call's time was up meanwhile.
        """
        try:
            self.write(make())
        except RequestTimeoutException:
            raise
        except Exception as error:  # noqa: BLE001 - logged; no request fails of this
            if not self._is_failing:
                _log.exception("The request could not be recorded: %s", error)
            self._is_failing = True
        else:
            self._is_failing = False

    def write(self, recording: Recording) -> Path:
        """Write a recording; the file.

        Raises:
            OSError: it cannot be written.
        """
        content = encode(recording).encode()
        moment = recording.time.translate({ord(mark): None for mark in "-:"})
        name = f"{moment}-{secrets.token_hex(3)}{SUFFIX}"
        # Only its owner may read it, from the first byte on.
        descriptor, temporary = tempfile.mkstemp(".tmp", ".", self._path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(temporary, self._path / name)  # noqa: PTH105 - a str
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise
        self._drop_oldest()
        return self._path / name

    def _drop_oldest(self) -> None:
        names = sorted(name for name in os.listdir(self._path) if name.endswith(SUFFIX))  # noqa: PTH208
        for name in names[: -self._most]:
            (self._path / name).unlink(missing_ok=True)
