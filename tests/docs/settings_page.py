"""Writes the tables of docs/settings.md from the options themselves.

`python tests/docs/settings_page.py` brings the page up to date; a test fails when it is not.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from functions_framework.settings import Option, Settings, options

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
_START = "<!-- the tables below are made by tests/docs/settings_page.py -->\n"
_END = "<!-- end of the tables -->\n"
_HEAD = "| Flag | Variable | Default | |\n|---|---|---|---|\n"


def tables() -> str:
    """A heading and a table for each group of options."""
    parts = []
    for group, found in groupby(options().items(), key=lambda item: item[1].group):
        rows = "".join(_row(option, Settings.default(name)) for name, option in found)
        parts.append(f"## {group}\n\n{_HEAD}{rows}")
    return "\n".join(parts)


def _row(option: Option, default: object) -> str:
    flag = option.flag if option.is_switch else f"{option.flag} {option.metavar}"
    shown = option.show(default)
    cells = (f"`{flag}`", f"`{option.variable}`", f"`{shown}`" if shown else "", option.help)
    return f"| {' | '.join(cells)} |\n"


def updated(page: str) -> str:
    """The page with its tables made anew."""
    before, _, rest = page.partition(_START)
    _, _, after = rest.partition(_END)
    return f"{before}{_START}\n{tables()}\n{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
