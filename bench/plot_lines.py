"""Small line plots side by side, as SVG, with logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from .plot import FONT

COLUMNS = 2
PANEL_WIDTH = 430
PANEL_HEIGHT = 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 76, 44
COLOURS = ("#0b69d6", "#d1642e", "#4a8f4a", "#8250df", "#8c959f", "#c8a13a", "#bf3989", "#1b7c83")


class Series(NamedTuple):
    """One line: its name and its points, both coordinates above zero."""

    name: str
    points: Sequence[tuple[float, float]]


class Panel(NamedTuple):
    """One small plot.

    Attributes:
        title: stands above.
        across: what the horizontal axis says.
        up: what the vertical axis says.
        series: its lines.
        is_linear: the horizontal axis is not logarithmic.
    """

    title: str
    across: str
    up: str
    series: Sequence[Series]
    is_linear: bool = False


class _Scale(NamedTuple):
    low: float
    high: float
    start: float
    length: float
    is_linear: bool = False

    def at(self, value: float) -> float:
        if self.is_linear:
            return self.start + self.length * (value - self.low) / (self.high - self.low)
        span = math.log10(self.high / self.low) or 1.0
        return self.start + self.length * math.log10(value / self.low) / span

    def ticks(self) -> list[float]:
        if self.is_linear:
            return [self.high * part / 5 for part in range(6)]
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        return [
            10.0**power
            for power in range(first, last + 1)
            if self.low <= 10.0**power * 1.0001 and 10.0**power <= self.high * 1.0001
        ]


def panels(title: str, shown: Sequence[Panel]) -> str:
    """Draw the panels in two columns.

    Raises:
        ValueError: there is nothing to draw.
    """
    kept = [panel for panel in shown if any(line.points for line in panel.series)]
    if not kept:
        raise ValueError("nothing to draw: nothing was measured")
    rows = math.ceil(len(kept) / COLUMNS)
    width, height = COLUMNS * PANEL_WIDTH, 44 + rows * PANEL_HEIGHT
    area = f'width="{width}" height="{height}"'
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
    out = [
        f'<svg {box} {area} {FONT} font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect {area} rx="8" fill="#ffffff"/>',
        _text(20, 28, title, 'font-size="16" font-weight="600" fill="#1f2328"'),
    ]
    for place, panel in enumerate(kept):
        x, y = place % COLUMNS * PANEL_WIDTH, 44 + place // COLUMNS * PANEL_HEIGHT
        out += [f'<g transform="translate({x},{y})">', *_panel(panel), "</g>"]
    return "\n".join([*out, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    points = [point for line in panel.series for point in line.points]
    length = PANEL_WIDTH - _LEFT - _RIGHT
    across = _scale([x for x, _ in points], _LEFT, length)
    if panel.is_linear:
        across = _Scale(0, math.ceil(across.high / 10) * 10, _LEFT, length, is_linear=True)
    inner = PANEL_HEIGHT - _TOP - _BOTTOM
    up = _scale([y for _, y in points], PANEL_HEIGHT - _BOTTOM, -inner)
    out = [_text(_LEFT, 18, panel.title, 'font-weight="600" fill="#1f2328"')]
    out += _axes(panel, across, up)
    x, y = float(_LEFT), 30
    for place, line in enumerate(panel.series):
        if not line.points:
            continue
        colour = COLOURS[place % len(COLOURS)]
        at = [(across.at(first), up.at(second)) for first, second in line.points]
        path = " ".join(f"{first:.1f},{second:.1f}" for first, second in at)
        name = escape(line.name)
        out.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2">'
            f"<title>{name}</title></polyline>"
        )
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}"/>' for a, b in at]
        wide = 28 + 6.0 * len(line.name)
        if x + wide > PANEL_WIDTH and x > _LEFT:
            x, y = float(_LEFT), y + 16
        out.append(f'<rect x="{x:.0f}" y="{y}" width="10" height="10" rx="2" fill="{colour}"/>')
        out.append(_text(x + 14, y + 9, line.name, 'font-size="11" fill="#424a53"'))
        x += wide
    return out


def _scale(values: Sequence[float], start: float, length: float) -> _Scale:
    low, high = min(values), max(values)
    if high < low * 4:  # a flat line stays flat
        low, high = low / 2, high * 2
    return _Scale(low, high, start, length)


def _axes(panel: Panel, across: _Scale, up: _Scale) -> list[str]:
    bottom, right = PANEL_HEIGHT - _BOTTOM, PANEL_WIDTH - _RIGHT
    out = []
    for value in across.ticks():
        x = across.at(value)
        out.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="#eaeef2"/>')
        out.append(_text(x, bottom + 16, short(value), 'text-anchor="middle" fill="#57606a"'))
    for value in up.ticks():
        y = up.at(value)
        out.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#eaeef2"/>')
        out.append(_text(_LEFT - 6, y + 4, short(value), 'text-anchor="end" fill="#57606a"'))
    out.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#8c959f"/>')
    out.append(_text(right, bottom + 34, panel.across, 'text-anchor="end" fill="#57606a"'))
    out.append(_text(_LEFT, _TOP - 4, panel.up, 'font-size="11" fill="#57606a"'))
    return out


def _text(x: float, y: float, text: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'


def short(value: float) -> str:
    """A power of ten, short: 10000 is `10k`."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"
