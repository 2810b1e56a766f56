"""Where a request's cost goes: instructions counted by callgrind, or time sampled by py-spy."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from . import callgrind, load
from .contenders import Launch
from .places import LOGS, ROOT
from .processes import Cores, Patience, busiest, serving
from .report import plain
from .session import CONNECTIONS, WARM_UP

PROFILERS = ("callgrind", "py-spy")
FEW, MANY = 200, 1200
SAMPLED_FOR = 5
ENOUGH = 100
SLOW = Patience(start=300.0, stop=60.0)
_SHOWN = 25
_FRAME = re.compile(r"(?P<name>.*?) \((?P<file>[^():]*)(?::\d+)?\)$")
# First match wins; the paths are those of installed packages.
LAYERS = (
    ("your function", "/bench/functions/"),
    ("framework", "/functions_framework/"),
    ("Flask", "/flask/"),
    ("Werkzeug", "/werkzeug/"),
    ("Starlette", "/starlette/"),
    ("CloudEvents SDK", "/cloudevents/"),
    ("server (Python part)", "/granian/"),
    ("other packages", "/site-packages/"),
    ("standard library", "/lib/python"),
    ("standard library", "<frozen"),
)


class ProfileError(Exception):
    """A profiler is missing or gave nothing."""


def profile(one: Launch, cores: Cores, profiler: str) -> str:
    """Profile a server under its case and say where its cost goes.

    Raises:
        ProfileError: the profiler is missing or failed; the text says what to do.
    """
    tool = "valgrind" if profiler == "callgrind" else profiler
    if shutil.which(tool) is None:
        how = "apt-get install valgrind" if tool == "valgrind" else "pip install py-spy"
        raise ProfileError(f"{tool} is missing: install it ({how}), or choose another with --with")
    return _counted(one, cores) if profiler == "callgrind" else _sampled(one, cores)


def _counted(one: Launch, cores: Cores) -> str:
    few, many = (_count(one, cores, requests) for requests in (FEW, MANY))
    spent = callgrind.per_request(few, many, MANY - FEW)
    total = sum(cost for _, cost in spent)
    libraries = [
        (name, f"{cost:,.0f}", f"{cost / total:.1%}")
        for name, cost in callgrind.by_library(spent)
        if cost >= total / 1000
    ]
    functions = [
        (place.function[:90], place.library, f"{cost:,.0f}", f"{cost / total:.1%}")
        for place, cost in spent[:_SHOWN]
    ]
    return "\n\n".join(
        [
            f"{one.name}: {total:,.0f} instructions per request, the kernel's not counted",
            plain(("library", "instructions", "share"), libraries),
            plain(("function", "library", "instructions", "share"), functions),
        ]
    )


def _count(one: Launch, cores: Cores, requests: int) -> Counter[callgrind.Place]:
    with tempfile.TemporaryDirectory() as directory:
        prefix = ["valgrind", "--tool=callgrind", "--trace-children=yes", "--quiet"]
        prefix += ["--fair-sched=yes"]
        prefix += [f"--callgrind-out-file={directory}/out.%p"]
        steady = Launch(one.name, one.argv, one.exchange, {"PYTHONHASHSEED": "0"})
        with serving(steady, cores, prefix, SLOW) as server:
            one.exchange.send(server.port, requests)
        found: Counter[callgrind.Place] = Counter()
        for file in Path(directory).iterdir():
            with file.open(errors="replace") as lines:
                found += callgrind.read(lines)
    if not found:
        raise ProfileError(f"callgrind wrote nothing; see {LOGS.relative_to(ROOT)}/{one.name}.log")
    return found


def _sampled(one: Launch, cores: Cores) -> str:
    with (
        serving(one, cores) as server,
        tempfile.TemporaryDirectory() as directory,
    ):
        load.run(one.exchange, server.port, cores.load, CONNECTIONS, WARM_UP)
        worker = busiest(server.process.pid)
        out = Path(directory, "stacks")
        argv = ["py-spy", "record", "--pid", str(worker), "--gil", "--format", "raw"]
        argv += ["--full-filenames", "--rate", "250", "--duration", str(SAMPLED_FOR)]
        sampler = subprocess.Popen(
            [*argv, "--output", str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        load.run(one.exchange, server.port, cores.load, CONNECTIONS, SAMPLED_FOR + 1)
        said, _ = sampler.communicate()
        if sampler.returncode != 0:
            raise ProfileError(f"py-spy failed: {said.decode(errors='replace').strip()[-400:]}")
        layers, functions = attribute(out.read_text().splitlines())
    total = sum(layers.values())
    if total < ENOUGH:
        raise ProfileError(
            f"py-spy saw {total} samples: it does not see the threads that the server makes for "
            "sync functions. Use --with callgrind, or profile an async case."
        )
    return "\n\n".join(
        [
            f"{one.name}: {total} samples under load",
            plain(("layer", "share"), [(n, f"{c / total:.1%}") for n, c in layers.most_common()]),
            plain(
                ("Python function", "share"),
                [(n, f"{c / total:.1%}") for n, c in functions.most_common(_SHOWN)],
            ),
        ]
    )


def attribute(stacks: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """Give each sample to its innermost Python frame: samples by layer, and by function.

    Args:
        stacks: lines of `frame;frame;... count`, outermost first. A stack without a
            Python frame is the server's own.
    """
    layers: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        for frame in reversed(stack.split(";")):
            found = _FRAME.match(frame)
            if found and (found["file"].endswith(".py") or found["file"].startswith("<")):
                layers[layer(found["file"])] += int(count)
                functions[f"{found['name']} ({_short(found['file'])})"] += int(count)
                break
        else:
            layers["server"] += int(count)
    return layers, functions


def layer(file: str) -> str:
    """The layer a source file belongs to."""
    return next((name for name, part in LAYERS if part in file), "other packages")


def _short(file: str) -> str:
    return "/".join(file.split("/")[-2:])
