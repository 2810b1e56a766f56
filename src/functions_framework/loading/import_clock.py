"""How long loading the user's source took, and which imports took most of it (`--report`).

Only imported when a report is asked for. Serving is not slowed: the clock is taken out of the way
of imports before the first request.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.logs.configuration import is_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_framework.settings import Settings

_SHOWN = 5
_LEAST_SECONDS = 0.001
_OWN = __name__.partition(".")[0]
# The file name of Python's own import machinery: frames that carry it are left out of the
# traceback of a failed import, and are not taken for the code that a warning is about.
_MACHINERY = "<frozen importlib._bootstrap>"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load took.

    Attributes:
        seconds: all of it: running the source and building its host.
        imports: seconds by package or module of the user's own, the costliest first. A package's
            own imports are in its time, those of the user's modules are not; what takes less than a
            millisecond is left out.
    """

    seconds: float
    imports: dict[str, float]

    def __str__(self) -> str:
        shown = [f"{_shown(self.imports[name])} {name}" for name in list(self.imports)[:_SHOWN]]
        return f"{_shown(self.seconds)}{': ' if shown else ''}{', '.join(shown)}"

    def as_json(self) -> dict[str, Any]:
        """The same in numbers: milliseconds, all imports."""
        return {
            "milliseconds": round(self.seconds * 1000, 1),
            "imports": {name: round(spent * 1000, 1) for name, spent in self.imports.items()},
        }


def write(report: LoadReport, name: str, settings: Settings) -> None:
    """Write a report to stderr as a line, or as a JSON record where records are JSON.

    Not through `logging`, which the user's source has perhaps configured by now: whoever reads
    the figures by machine must find them.

    Args:
        report: what is written.
        name: of what was loaded.
        settings: of them the format of logs.
    """
    text = f"Loaded {name} in {report}"
    if is_json(settings, os.environ):
        now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        fields = {"severity": "INFO", "message": text, "time": now, "load": report.as_json()}
        text = json.dumps(fields)
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the server's word to its operator


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


class _Cost(NamedTuple):
    name: str
    seconds: float


class ImportCost(NamedTuple):
    """One import statement of a file.

    Attributes:
        module: what was imported.
        line: where, from 1.
        seconds: how long it took, with all that it imported in turn.
    """

    module: str
    line: int
    seconds: float


class ImportClock:
    """Times the imports of one thread.

    Packages are found where the user's code imports them: modules of the user's own are told with
    the time they take themselves, and those of this framework are looked through.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._costs: list[_Cost] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time every import until the end of the block."""
        # Both the import statement and importlib.import_module look this function up here, and
        # every file of Python is run by that method.
        machinery: Any = importlib._bootstrap  # noqa: SLF001
        external: Any = importlib._bootstrap_external  # noqa: SLF001
        loader = external._LoaderBasics  # noqa: SLF001
        find_and_load, exec_module = machinery._find_and_load, loader.exec_module  # noqa: SLF001
        machinery._find_and_load = self._timed(find_and_load)  # noqa: SLF001
        loader.exec_module = self._timed_run(exec_module)
        try:
            yield
        finally:
            machinery._find_and_load = find_and_load  # noqa: SLF001
            loader.exec_module = exec_module

    def _timed(self, find_and_load: Callable[..., Any]) -> Callable[..., Any]:
        def timed(name: str, import_: object) -> Any:
            if threading.get_ident() != self._thread or name in sys.modules:
                return find_and_load(name, import_)
            outer, self._costs = self._costs, []
            started = time.perf_counter()
            try:
                return find_and_load(name, import_)
            finally:
                self._costs = outer + self._cost_of(name, time.perf_counter() - started)

        return _unseen(timed)

    def _timed_run(self, exec_module: Callable[..., Any]) -> Callable[..., Any]:
        def timed(loader: object, module: ModuleType) -> Any:
            name = module.__name__
            if threading.get_ident() != self._thread or not is_users_own(name):
                return exec_module(loader, module)
            outer, self._costs = self._costs, []
            started = time.perf_counter()
            try:
                return exec_module(loader, module)
            finally:
                spent = time.perf_counter() - started - sum(cost.seconds for cost in self._costs)
                self._costs = [*outer, *self._costs, _Cost(name, spent)]

        return _unseen(timed)

    def _cost_of(self, name: str, seconds: float) -> list[_Cost]:
        """What an import adds: its package's time, or what was imported inside code of ours."""
        package = package_of(name)
        return self._costs if package is None else [_Cost(package, seconds)]

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by package or module of the user's own, the costliest first."""
        found: dict[str, float] = {}
        for name, seconds in self._costs:
            found[name] = found.get(name, 0.0) + seconds
        costly = {name: spent for name, spent in found.items() if spent >= _LEAST_SECONDS}
        return dict(sorted(costly.items(), key=lambda item: -item[1]))


def _unseen(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as part of the import machinery, as far as tracebacks and warnings go."""
    code = function.__code__.replace(co_filename=_MACHINERY)
    return FunctionType(code, function.__globals__, closure=function.__closure__)


def is_users_own(name: str) -> bool:
    """Whether a module that is being run is neither installed nor this framework's."""
    return name.partition(".")[0] != _OWN and package_of(name) is None


def package_of(name: str) -> str | None:
    """The installed package or standard module an imported module is part of, None for others.

    Of a namespace package (`google.cloud`) it is the first regular package inside.
    """
    top = name.partition(".")[0]
    if top == _OWN:
        return None
    if top in sys.stdlib_module_names:
        return top
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        file = getattr(sys.modules.get(".".join(parts[:end])), "__file__", None)
        if file:
            is_installed = not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)
            return ".".join(parts[:end]) if is_installed else None
    return None


@contextmanager
def measured() -> Iterator[Callable[[], LoadReport]]:
    """Measure a block; what it yields makes the report when the block has ended."""
    clock = ImportClock()
    started = time.perf_counter()
    ended = started
    try:
        with clock.running():
            yield lambda: LoadReport(ended - started, clock.seconds)
    finally:
        ended = time.perf_counter()


@contextmanager
def timed_imports(source: Path) -> Iterator[list[ImportCost]]:
    """Time the import statements of one file inside; the list fills as they run.

    Statements, unlike loads, are there for modules that are loaded already, and have a line.
    """
    costs: list[ImportCost] = []
    original = builtins.__import__
    file = str(source)

    def timing(name: str, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)  # noqa: SLF001 - CPython and PyPy; there is no other way
        if caller.f_code.co_filename != file:
            return original(name, *args, **kwargs)
        before = time.perf_counter()
        try:
            return original(name, *args, **kwargs)
        finally:
            costs.append(ImportCost(name, caller.f_lineno, time.perf_counter() - before))

    builtins.__import__ = timing
    try:
        yield costs
    finally:
        builtins.__import__ = original
