"""The plot of the page, as SVG: requests per second of every contender in every case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH = 860
LEFT = 250
RIGHT = 100
TOP = 54
ROW = 20
BAR = 15
GAP = 4
SPACE = 20
FONT = "font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\""


class Bar(NamedTuple):
    """One bar.

    Attributes:
        who: index of the contender in the plot's legend.
        value: its length, and the number written beside it.
    """

    who: int
    value: float


class Group(NamedTuple):
    """The bars of one case, from top to bottom."""

    label: str
    bars: Sequence[Bar]


def bars(title: str, legend: Sequence[tuple[str, str]], groups: Iterable[Group]) -> str:
    """Draw groups of horizontal bars.

    Args:
        title: stands above.
        legend: name and colour of each contender.
        groups: the cases, from top to bottom.

    Raises:
        ValueError: there is nothing to draw.
    """
    shown = [group for group in groups if group.bars]
    if not shown:
        raise ValueError("nothing to draw: no case was measured")
    longest = max(bar.value for group in shown for bar in group.bars)
    scale = (WIDTH - LEFT - RIGHT) / longest
    rows = _rows(legend)
    top = TOP + ROW * len(rows)
    height = top + sum(len(group.bars) * (BAR + GAP) + SPACE for group in shown)
    area = f'width="{WIDTH}" height="{height}"'
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
    head = 'x="20" y="28" font-size="16" font-weight="600" fill="#1f2328"'
    out = [
        f'<svg {box} {area} {FONT} font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect {area} rx="8" fill="#ffffff"/>',
        f"<text {head}>{escape(title)}</text>",
        *_legend(rows),
    ]
    y = top
    for group in shown:
        out += _group(group, y, scale, legend)
        y += len(group.bars) * (BAR + GAP) + SPACE
    return "\n".join([*out, "</svg>", ""])


def _rows(legend: Sequence[tuple[str, str]]) -> list[list[tuple[float, str, str]]]:
    """The entries of a legend in as few rows as they fit in, each with its left edge."""
    rows: list[list[tuple[float, str, str]]] = []
    x = float(WIDTH)
    for name, colour in legend:
        width = 44 + 7.2 * len(name)
        if x + width > WIDTH:
            rows.append([])
            x = 20.0
        rows[-1].append((x, name, colour))
        x += width
    return rows


def _legend(rows: Sequence[Sequence[tuple[float, str, str]]]) -> list[str]:
    out = []
    for number, row in enumerate(rows):
        y = 42 + ROW * number
        for x, name, colour in row:
            out.append(f'<rect x="{x:.0f}" y="{y}" width="12" height="12" rx="2" fill="{colour}"/>')
            out.append(f'<text x="{x + 18:.0f}" y="{y + 11}" fill="#424a53">{escape(name)}</text>')
    return out


def _group(group: Group, y: int, scale: float, legend: Sequence[tuple[str, str]]) -> list[str]:
    middle = y + len(group.bars) * (BAR + GAP) / 2 + 3
    at = f'x="{LEFT - 12}" y="{middle:.1f}" text-anchor="end" fill="#1f2328"'
    out = [f"<text {at}>{escape(group.label)}</text>"]
    for place, bar in enumerate(group.bars):
        top = y + place * (BAR + GAP)
        length = max(1.0, bar.value * scale)
        name, colour = legend[bar.who]
        out.append(
            f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" '
            f'fill="{colour}"><title>{escape(name)}: {bar.value:,.0f}</title></rect>'
        )
        out.append(
            f'<text x="{LEFT + length + 6:.1f}" y="{top + 12}" font-size="12" fill="#57606a">'
            f"{bar.value:,.0f}</text>"
        )
    return out
