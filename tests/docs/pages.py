"""Reads the repository's Markdown: fenced blocks by heading, links, tables. Runs nothing.

How a page is written so that its examples can be run:

* Each `##` heading starts a scenario with an empty directory of its own.
* A block whose first line is a comment that holds only a file name (`# main.py`, `<!-- a.html -->`)
  is that file. Any other `python` block is a script, run as it stands.
* A `console` block is a session: `$ ` starts a command, the lines after it are what it prints.
* `text` blocks are layouts and diagrams, `sh` blocks commands for a checkout of the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*)\s*$")
_FILE_NAME = re.compile(r"^(?:# |// |<!-- )(?P<name>[\w./-]+\.\w+|Dockerfile|Procfile)(?: -->)?$")
_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        language: the word after the fence, empty when there is none.
        text: what stands between the fences, with its final newline.
        line: the number of its first line, from 1.
    """

    language: str
    text: str
    line: int

    @property
    def file_name(self) -> str | None:
        """The file this block is, None when it isn't a file."""
        first = _FILE_NAME.match(self.text.partition("\n")[0])
        return first["name"] if first else None


class Scenario(NamedTuple):
    """The blocks under one `##` heading, which share a directory and a server."""

    page: Path
    title: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.title}"


class Command(NamedTuple):
    """One command of a console block and what the page says it prints."""

    text: str
    output: tuple[str, ...]
    line: int


def pages() -> list[Path]:
    """Every Markdown page a reader is sent to."""
    folders = ("*.md", "docs/**/*.md", "examples/**/*.md")
    return sorted(page for folder in folders for page in ROOT.glob(folder))


def example_folders() -> list[Path]:
    """Every folder of examples."""
    return sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())


def scenarios(page: Path) -> list[Scenario]:
    """The page's scenarios that hold at least one block."""
    found: list[Scenario] = []
    title, blocks = "top", list[Block]()
    for heading, block in _parts(page.read_text(encoding="utf-8")):
        if heading is not None:
            found.append(Scenario(page, title, tuple(blocks)))
            title, blocks = heading, []
        elif block is not None:
            blocks.append(block)
    found.append(Scenario(page, title, tuple(blocks)))
    return [scenario for scenario in found if scenario.blocks]


def _parts(text: str) -> list[tuple[str | None, Block | None]]:
    parts: list[tuple[str | None, Block | None]] = []
    fence, language, start, body = "", "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            if line.rstrip() == fence:
                parts.append((None, Block(language, "".join(body), start)))
                fence = ""
            else:
                body.append(line + "\n")
        elif opened := _FENCE.match(line):
            fence, language, start, body = opened["fence"], opened["language"], number + 1, []
        elif line.startswith("## "):
            parts.append((line[3:].strip(), None))
    if fence:
        raise ValueError(f"the fence before line {start} is never closed")
    return parts


def commands(block: Block) -> list[Command]:
    """The commands of a console block, continuation lines joined."""
    found: list[Command] = []
    lines = iter(enumerate(block.text.splitlines(), start=block.line))
    for number, line in lines:
        if line.startswith("$ "):
            text = line[2:]
            while text.endswith("\\") or text.count("'") % 2:
                text = f"{text}\n{next(lines)[1]}"
            text = re.sub(r"\s*\\\n\s*", " ", text)
            found.append(Command(text, (), number))
        elif found:
            found[-1] = found[-1]._replace(output=(*found[-1].output, line))
        elif line.strip():
            raise ValueError(f"line {number}: a console block starts with '$ '")
    return found


def links(page: Path) -> list[str]:
    """Where the page's links lead, code blocks left out."""
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return [found["to"] for found in _LINK.finditer(text)]


def anchors(page: Path) -> set[str]:
    """The fragment names of the page's headings, made the way GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }
