"""What each layer costs, in time and in instructions, beside the stored baseline; run by hand only.

Instructions hardly depend on the machine, so they are what a change is judged by; the time of the
baseline is another day's, maybe another machine's.
"""

from __future__ import annotations

import json
import math
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

CALLS = 1000
SLACK = 0.05
"""By how much a layer's instructions may rise above the baseline's."""
Costs = dict[str, dict[str, float]]


class LayerError(Exception):
    """A layer's work failed."""


def run(installs: Installs, *, is_saved: bool) -> tuple[str, list[str]]:
    """Measure all layers and compare.

    Args:
        installs: what is measured.
        is_saved: store what was found as the new baseline.

    Returns:
        A table, and the layers that have risen above the baseline; none where it is a new one.

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
        return f"{text}\n\nwritten: {BASELINE.relative_to(ROOT)}", []
    return text, risen(costs, baseline)


def measure(installs: Installs) -> Costs:
    """Time of every layer, and instructions where valgrind is present."""
    python = str(installs.ours / "bin" / "python")
    is_counted = shutil.which("valgrind") is not None
    if not is_counted:
        print(
            "valgrind is missing: instructions are not counted (Debian: apt-get install valgrind)"
        )
    costs: Costs = {}
    for case in CASES:
        print(f"{case.name} ...", flush=True)
        times: dict[str, float] = json.loads(_work([python], case.name))
        counts = count(installs, case.name) if is_counted else {}
        for layer, time in times.items():
            cost = costs[f"{case.name}.{layer}"] = {"nanoseconds": round(time, 1)}
            if layer in counts:
                cost["instructions"] = counts[layer]
    return costs


def count(installs: Installs, case: str) -> dict[str, int]:
    """Instructions of each layer of a case: callgrind starts a new file, from zero, at each mark.

    Raises:
        LayerError: its work failed.
    """
    python = str(installs.ours / "bin" / "python")
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "out")
        prefix = ["valgrind", "--tool=callgrind", "--quiet", "--dump-before=getppid"]
        prefix.append(f"--callgrind-out-file={out}")
        names: list[str] = json.loads(_work([*prefix, python], case, str(CALLS)))
        return {
            # The first file ends where the first layer starts.
            name: round(_total(out.with_name(f"out.{place + 2}")) / CALLS)
            for place, name in enumerate(names)
        }


def _total(file: Path) -> int:
    with file.open(errors="replace") as lines:
        return callgrind.read(lines).total()


def _work(prefix: list[str], *words: str) -> str:
    argv = ["taskset", "-c", str(Cores.choose().server), *prefix, "-m", "bench.layer_work", *words]
    environ = {"PYTHONHASHSEED": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT, env=environ)
    if done.returncode != 0:
        raise LayerError("\n".join(done.stderr.splitlines()[-6:]))
    return done.stdout


def risen(costs: Costs, baseline: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The layers whose instructions are more than the slack above the baseline's."""
    unit = "instructions"
    return [
        name
        for name, cost in costs.items()
        if cost.get(unit, 0) > baseline.get(name, {}).get(unit, math.inf) * (1 + SLACK)
    ]


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
