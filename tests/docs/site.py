"""Builds the documentation site: `python tests/docs/site.py` writes it to build/site.

The pages are copied in the layout of the repository, so a link that works on the site works in the
repository too. The menu is made from docs/README.md, so that a page is listed in one place.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CONTENTS = ROOT / "docs" / "README.md"
_COPIED = ("*.md", "LICENSE", "docs/*", "examples/**/*", "bench/results.json")
_LINK = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<to>[^)\s]+)\)")
_LANGUAGES = {
    ".html": "html", ".json": "json", ".py": "python", ".toml": "toml", ".yaml": "yaml",
}  # fmt: skip

Menu = list[dict[str, Any]]


def menu() -> Menu:
    """The site's menu: a part for each heading of the contents, and one for the examples."""
    parts = re.split(r"^## ", CONTENTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found: Menu = [{"Overview": "README.md"}, {"All pages": "docs/README.md"}]
    for part in parts:
        heading, _, text = part.partition("\n")
        found.append({heading: [_entry(link) for link in _LINK.finditer(text)]})
    examples = sorted((ROOT / "examples").glob("*/README.md"))
    listed = [{_title(page): page.relative_to(ROOT).as_posix()} for page in examples]
    return [*found, {"Examples": [{"All examples": "examples/README.md"}, *listed]}]


def _entry(link: re.Match[str]) -> dict[str, str]:
    page = (CONTENTS.parent / link["to"]).resolve().relative_to(ROOT)
    title = link["title"]
    return {title[0].upper() + title[1:]: page.as_posix()}


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").strip()


def _files(folder: Path) -> str:
    """What an example consists of, as blocks of code; in the repository they are a click away."""
    shown = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != "README.md":
            name = file.relative_to(folder).as_posix()
            language = _LANGUAGES.get(file.suffix, "text")
            text = file.read_text(encoding="utf-8").strip()
            shown.append(f"\n### {name}\n\n````{language}\n{text}\n````\n")
    return "\n## Files\n" + "".join(shown)


def build(target: Path) -> Path:
    """Build the site below a directory and return where it is.

    Raises:
        RuntimeError: the builder found something wrong, which the message holds.
    """
    import yaml

    if target.exists():
        shutil.rmtree(target)
    for page in {page for pattern in _COPIED for page in ROOT.glob(pattern) if page.is_file()}:
        if "__pycache__" not in page.parts:
            copy = target / "pages" / page.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, copy)
    for readme in (target / "pages" / "examples").glob("*/README.md"):
        readme.write_text(readme.read_text(encoding="utf-8") + _files(readme.parent), "utf-8")
    (target / "src").symlink_to(ROOT / "src", target_is_directory=True)
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = yaml.safe_dump({"nav": menu()}, allow_unicode=True, sort_keys=False)
    (target / "mkdocs.yml").write_text(f"{settings}{nav}", encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
    if done.returncode or "No issues found" not in done.stdout + done.stderr:
        raise RuntimeError(f"{done.stdout}\n{done.stderr}")
    return target / "site"


if __name__ == "__main__":
    print(build(ROOT / "build"))
