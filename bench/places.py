"""Where the harness keeps things: the checkout, its cache and what it writes."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "bench" / "functions"
CACHE = ROOT / ".bench"
LOGS = CACHE / "logs"
RESULTS = ROOT / "bench" / "results.json"
LAST = CACHE / "last.json"
BASELINE = ROOT / "bench" / "layers.json"
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
