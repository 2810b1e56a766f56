"""Where the harness keeps things: the checkout, its cache and what it writes."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "bench" / "functions"
CACHE = ROOT / ".bench"
LOGS = CACHE / "logs"
RESULTS = ROOT / "bench" / "results.json"
BASELINE = ROOT / "bench" / "layers.json"
DOCS = ROOT / "docs"
PAGE = DOCS / "performance.md"
PLOT = DOCS / "performance.svg"
