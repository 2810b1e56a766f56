"""What each layer costs, in time and in instructions, beside the stored baseline; run by hand only.

Instructions hardly depend on the machine, so they are what a change is judged by; the time of the
baseline is another day's, maybe another machine's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import callgrind, machine
from .cases import CASES
from .installs import Installs
from .places import BASELINE, ROOT
from .processes import Cores
from .report import plain

FEW, MANY = 100, 1100
Costs = dict[str, dict[str, float]]


class LayerError(Exception):
    """A layer's work failed."""


def run(installs: Installs, *, is_saved: bool) -> str:
    """Measure all layers and compare.

    Args:
        installs: what is measured.
        is_saved: store what was found as the new baseline.

    Raises:
        LayerError: a layer does not run; the text has the end of its traceback.
    """
    costs = measure(installs)
    stored: dict[str, Any] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    baseline: Costs = stored.get("layers", {})
    text = compare(costs, baseline)
    if is_saved:
        kept = {"machine": machine.describe(), "versions": installs.versions, "layers": costs}
        BASELINE.write_text(json.dumps(kept, indent=1) + "\n")
        text += f"\n\nwritten: {BASELINE.relative_to(ROOT)}"
    return text


def measure(installs: Installs) -> Costs:
    """Time of every layer, and instructions where valgrind is present."""
    python = str(installs.ours / "bin" / "python")
    costs: Costs = {}
    for case in CASES:
        times: dict[str, float] = json.loads(_work([python], case.name))
        costs |= {name: {"nanoseconds": round(time, 1)} for name, time in times.items()}
    if shutil.which("valgrind") is None:
        print(
            "valgrind is missing: instructions are not counted (Debian: apt-get install valgrind)"
        )
        return costs
    for name, cost in costs.items():
        counts = [_count(python, name, calls) for calls in (FEW, MANY)]
        cost["instructions"] = round((counts[1] - counts[0]) / (MANY - FEW))
        print(f"{name}: {cost['nanoseconds']:,.0f} ns, {cost['instructions']:,} instructions")
    return costs


def _count(python: str, name: str, calls: int) -> int:
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "out")
        prefix = ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}"]
        _work([*prefix, python], *name.split("."), str(calls))
        with out.open(errors="replace") as lines:
            return callgrind.read(lines).total()


def _work(prefix: list[str], *words: str) -> str:
    argv = ["taskset", "-c", str(Cores.choose().server), *prefix, "-m", "bench.layer_work", *words]
    environ = {"PYTHONHASHSEED": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT, env=environ)
    if done.returncode != 0:
        raise LayerError("\n".join(done.stderr.splitlines()[-6:]))
    return done.stdout


def compare(costs: Costs, baseline: Mapping[str, Mapping[str, float]]) -> str:
    """A table of what was found and how it stands to the baseline."""
    lines = []
    for name, cost in costs.items():
        line = [name]
        for unit in ("instructions", "nanoseconds"):
            found, before = cost.get(unit), baseline.get(name, {}).get(unit)
            line.append("–" if found is None else f"{found:,.0f}")
            line.append(f"{found / before - 1:+.1%}" if found is not None and before else "new")
        lines.append(line)
    headings = ("layer", "instructions", "beside baseline", "ns", "beside baseline")
    return plain(headings, lines)
