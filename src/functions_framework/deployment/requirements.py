"""Which file of a project names the packages it needs."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FRAMEWORK = "functions-framework>=4,<5"

# pip cannot install what a project needs without the project, and many cannot be installed.
LISTED = (
    "import tomllib; "
    "print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\\n')"
)
"""Python 3.11's code that prints the packages of a `pyproject.toml`, one a line."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Requirements:
    """What an image is to install.

    Attributes:
        file: `requirements.txt`, `pyproject.toml`, or empty where neither names any.
        has_framework: whether the file names this framework, so that nothing else must.
    """

    file: str = ""
    has_framework: bool = False

    def pip(self, options: str = "") -> str:
        """The command of a shell that installs them, in the directory of the file.

        Args:
            options: of pip's, before the packages.
        """
        words = ["pip install", *([options] if options else [])]
        words += [f'"{self.added}"'] if self.added else []
        if self.file == "requirements.txt":
            words.append(f"-r {self.file}")
        elif self.file:
            return f'python -c "{LISTED}" \\\n    | {" ".join([*words, "-r /dev/stdin"])}'
        return " ".join(words)

    @property
    def added(self) -> str:
        """The framework's own requirement where the file doesn't name it, else empty."""
        return "" if self.has_framework else FRAMEWORK


def requirements_of(root: Path) -> Requirements:
    """Find what a project installs: its `requirements.txt`, else what its `pyproject.toml` says.

    Raises:
        OSError: one is there and cannot be read.
        ValueError: the `pyproject.toml` isn't TOML.
    """
    listed = root / "requirements.txt"
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
        # With hashes every package is listed, and pip takes none beside them.
        is_locked = any("--hash=" in line for line in lines)
        return Requirements(listed.name, is_locked or _names_framework(lines))
    project = root / "pyproject.toml"
    if project.is_file():
        # The same library under two names.
        toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
        table = toml.loads(project.read_text(encoding="utf-8")).get("project", {})
        dependencies = table.get("dependencies", [])
        if dependencies:
            return Requirements(project.name, _names_framework(dependencies))
    return Requirements()


def _names_framework(lines: list[str]) -> bool:
    names = (_NAME.match(line.strip()) for line in lines)
    # Names that are the same one (PEP 503).
    found = {re.sub("[-_.]+", "-", name[0]).lower() for name in names if name}
    return "functions-framework" in found
