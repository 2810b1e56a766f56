r"""Files that hold environment variables (`.env`): reading one, and setting what is not set yet.

There is no standard; these are the rules that the common readers share. One `NAME=value` a line,
`export` before it or not; blank lines, and comments from `#` at the start or after a space. A value
is taken as it stands without the spaces around it; in single quotes as it stands with them, over
several lines if need be; in double quotes so too, with \n, \r, \t, \", \\ and \$ as escapes.
Nothing is interpolated: `$HOME` stays `$HOME`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.runtime.terminal import say

from .options import InvalidSettingException

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_NOTHING = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=")
_QUOTED = re.compile(r"""[ \t]*(?:'([^']*)'|"([^"\\]*(?:\\.[^"\\]*)*)")""", re.DOTALL)
_PLAIN = re.compile(r"([^\n]*)(?:\n|\Z)")
_COMMENT = re.compile(r"[ \t]+#.*")
_ESCAPE = re.compile(r"""\\([nrt"\\$])""")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class BadLine(ValueError):  # noqa: N818 - said of a line
    """A line that isn't an assignment; its text never repeats the line, which may be secret.

    Attributes:
        line: the line, from 1.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def parse(text: str) -> dict[str, str]:
    """The variables of a file's text; of a name that is there twice the last value counts.

    Raises:
        BadLine: a line isn't an assignment.
    """
    text = text.replace("\r\n", "\n")
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if nothing := _NOTHING.match(text, at):
            at = nothing.end()
            continue
        line = text.count("\n", 0, at) + 1
        name = _NAME.match(text, at)
        if name is None:
            raise BadLine(line, "expected NAME=value, the name of letters, digits and _")
        value, at = _value(text, name.end(), line)
        if "\0" in value:
            raise BadLine(line, "a value cannot hold a NUL character")
        found[name[1]] = value
    return found


def _value(text: str, at: int, line: int) -> tuple[str, int]:
    """The value that starts at an index, and the index after its line."""
    if quoted := _QUOTED.match(text, at):
        end = _NOTHING.match(text, quoted.end())
        if end is None:
            raise BadLine(line, "there is text after the closing quote")
        literal, escaped = quoted.groups()
        return (_unescaped(escaped) if literal is None else literal), end.end()
    plain = _PLAIN.match(text, at)
    if plain is None or plain[1].lstrip(" \t")[:1] in {"'", '"'}:
        raise BadLine(line, "the quote is never closed")
    return _COMMENT.sub("", plain[1]).strip(), plain.end()


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)


def read(path: str) -> dict[str, str]:
    """The variables of a file.

    Raises:
        InvalidSettingException: it cannot be read, or a line of it is wrong; the text names both.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidSettingException(
            f"--env-file: {path} cannot be read: {error.strerror}."
        ) from None
    try:
        return parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidSettingException(f"{path}:{line}: the file is not UTF-8.") from None
    except BadLine as error:
        raise InvalidSettingException(f"{path}:{error.line}: {error}.") from None


def apply(path: str, environ: MutableMapping[str, str] | None = None) -> None:
    """Set the variables of a file that are not set already, not even to empty text.

    Args:
        path: the file.
        environ: what is changed, `os.environ` when omitted.

    Raises:
        InvalidSettingException: as `read`; then none is set.
    """
    target = os.environ if environ is None else environ
    for name, value in read(path).items():
        target.setdefault(name, value)


class _Applied:
    """A file whose variables were set without being asked for, and which of them it set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: set[str] = set()

    def set_all(self) -> None:
        """Set what the file holds now, and unset what it held before and does not any more."""
        found = read(str(self.path))
        for name in self.names - found.keys():
            os.environ.pop(name, None)
        self.names = {name for name in found if name in self.names or name not in os.environ}
        os.environ.update({name: found[name] for name in self.names})
        count = len(self.names)
        say(f"Read {count} variable{'' if count == 1 else 's'} from {self.path}.")


_own: list[_Applied] = []


def apply_own(source: str | None) -> bool:
    """Set the variables of a `.env` that a developer has; say so. Those set already stay.

    Args:
        source: the source; the file is in the working directory, else beside it.

    Returns:
        Whether there is one.

    Raises:
        InvalidSettingException: as `read`.
    """
    beside = Path(source or ".")
    # pathlib raises where we may not look.
    for directory in (Path(), beside if os.path.isdir(beside) else beside.parent):  # noqa: PTH112
        path = directory / ".env"
        if os.path.isfile(path):  # noqa: PTH113
            applied = _Applied(path)
            applied.set_all()
            _own[:] = [applied]
            return True
    return False


def own_files() -> list[str]:
    """The absolute path of the file whose variables `apply_own` set, if it did."""
    return [str(applied.path.absolute()) for applied in _own]


def reapply_own() -> None:
    """Set the variables of that file anew, after a change of it.

    Raises:
        InvalidSettingException: as `read`; then nothing is changed.
    """
    for applied in _own:
        applied.set_all()
