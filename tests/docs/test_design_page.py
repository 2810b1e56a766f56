"""The design page speaks of modules that exist and gives a reason for each dependency."""

from __future__ import annotations

import re

from docs.pages import ROOT

TEXT = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "functions_framework"
TREE = TEXT.partition("## The tree")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `([\w./]+)` \| .+ \| (.*) ?\|$", TREE, re.MULTILINE)


def _modules(folder: str) -> set[str]:
    """The modules of a folder; a package that only marks itself is none."""
    named = {path.stem for path in (PACKAGE / folder).glob("*.py")}
    return named if folder == "." else named - {"__init__"}


def test_every_folder_and_module_is_in_its_tree() -> None:
    described = {name: set(re.findall(r"`(\w+)`", modules)) for name, modules in ROWS}
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "projects" not in path.parts}
    names = {path.relative_to(PACKAGE).as_posix() for path in folders}
    found = {name if name == "." else f"{name}/": _modules(name) for name in names}
    found["."] -= {"exceptions"}
    assert described == {**found, "exceptions": set()}


def test_it_gives_a_reason_for_each_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = project.partition("\ndependencies = [")[2].partition("\n]")[0]
    required = re.findall(r'"([a-z]+)', listed)
    described = re.findall(
        r"^\| `(\w+)` \| .+ \| .+ \|$", TEXT.partition("| Package |")[2], re.MULTILINE
    )
    assert described == sorted(required)


def test_places_that_it_sends_a_reader_to_exist() -> None:
    text = TEXT.partition("## The way of a request")[2].partition("\n## Decisions")[0]
    tops = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    named = {
        name for name in re.findall(r"\b[a-z_]+(?:/[a-z_]+)+", text) if name.split("/")[0] in tops
    }
    assert len(named) > 20
    missing = {
        n for n in named if not (PACKAGE / n).exists() and not (PACKAGE / f"{n}.py").exists()
    }
    assert missing == set()
