"""Writes the figures of the README from the performance page.

`python tests/docs/readme_figures.py` brings the README up to date; a test fails when it is not.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "README.md"
_SOURCE = ROOT / "docs" / "performance.md"
_START = "<!-- made from docs/performance.md by tests/docs/readme_figures.py -->\n"
_END = "<!-- end of the figures -->\n"
# What the README calls a row of the page's first table, which is known by its case and measure.
_ROWS = {
    "Hello, requests per second": ('sync http, `return "Hello world!"`', "requests/s"),
    "The same, slowest of 100 requests": ('sync http, `return "Hello world!"`', "p99 latency"),
    "CloudEvent, requests per second": ("sync cloudevent, binary Pub/Sub event", "requests/s"),
    "`async def`, requests per second": ("async http", "requests/s"),
    "CloudEvent, cold start": ("sync cloudevent, binary Pub/Sub event", "start-up"),
    "CloudEvent, memory": ("sync cloudevent, binary Pub/Sub event", "memory"),
}


def table() -> str:
    """The README's table.

    Raises:
        KeyError: the performance page has no such row.
    """
    figures = {}
    for line in _SOURCE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 8 and cells[3].endswith(" (ref)"):
            figures[cells[0], cells[1]] = cells[3].removesuffix(" (ref)"), cells[2]
    rows = [f"| {name} | {' | '.join(figures[key])} |\n" for name, key in _ROWS.items()]
    return "| | 3.10 | this |\n|---|---|---|\n" + "".join(rows)


def updated(page: str) -> str:
    """The README with its table made anew."""
    before, _, rest = page.partition(_START)
    _, _, after = rest.partition(_END)
    return f"{before}{_START}\n{table()}\n{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
