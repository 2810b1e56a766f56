"""Fixtures for every part: trees of user sources, and an interpreter left as it was found."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from functions_framework.api.registrations import take
from functions_framework.loading import source, standard_names
from functions_framework.loading.load import load
from functions_framework.settings import Settings, options
from support.served_source import all_served

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from functions_framework.model.function import Function
    from support.served_source import Given, Served

# A machine that runs tests in parallel stalls now and then: time isn't a property of a parser.
hypothesis.settings.register_profile("timeless", deadline=None)
# By hand: pytest --hypothesis-profile long tests/events
hypothesis.settings.register_profile("long", deadline=None, max_examples=20_000)
hypothesis.settings.load_profile("timeless")

_PLATFORM_VARIABLES = ("ENTRY_POINT", "FUNCTION_NAME", "FUNCTION_TRIGGER_TYPE", "K_SERVICE")


def pytest_configure() -> None:
    """Have signals mean what they mean at a terminal, to all that tests start.

    Shells let what they run in the background ignore Ctrl-C, and nohup a lost terminal; that is
    inherited.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the garbage collector pass over what lives as long as the run: modules and test items.

    It went through these millions of objects again and again, a fifth of all processor time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """How many run at once: more than there are cores, as tests of real servers mostly wait."""
    return (os.cpu_count() or 1) * 2


@pytest.fixture
def nothing_registered() -> Iterator[None]:
    """What a test registers is taken by no other."""
    take()
    yield
    take()


class SourceTree:
    """Files a test writes under a directory of its own, and loads.

    Attributes:
        root: the directory, symlinks resolved.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **files: str) -> Path:
        """Write Python files given by path without its suffix (`pkg__main` is `pkg/main.py`)."""
        for name, text in files.items():
            # `__init__` and `__main__` keep their underscores.
            path = name.replace("__init__", "%i").replace("__main__", "%m").replace("__", "/")
            self.put(f"{path.replace('%i', '__init__').replace('%m', '__main__')}.py", text)
        return self.root

    def put(self, path: str, text: str) -> Path:
        """Write one file, given by its path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def load(
        self, target: str | None = "hello", path: str = "main.py", **settings: Any
    ) -> Function:
        """Load the one target from a file or directory of the tree."""
        (function,) = self.load_all(target, path, **settings)
        return function

    def load_all(
        self, target: str | None = "hello", path: str = "", **settings: Any
    ) -> list[Function]:
        """Load every target from a file or directory of the tree."""
        given = {"target": target, "source": str(self.root / path), **settings}
        return load(Settings(**given))


@pytest.fixture(autouse=True)
def _interpreter_as_found() -> Iterator[None]:
    """Undo what loading a source leaves behind by contract: variables, modules, paths."""
    environ, path, modules = dict(os.environ), sys.path[:], set(sys.modules)
    yield
    if os.environ != environ:
        os.environ.clear()
        os.environ.update(environ)
    sys.path[:] = path
    for name in sys.modules.keys() - modules:
        file = source.file_of(sys.modules[name]) or ""
        if file.startswith(tempfile.gettempdir()):
            del sys.modules[name]


@pytest.fixture(scope="module")
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Served]]:
    """The servers of a module, by name: its `SERVERS` says what each is started with."""
    given: dict[str, Given] = request.module.SERVERS
    directories = {name: tmp_path_factory.mktemp("served") for name in given}
    with all_served(directories, given) as found:
        yield found


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Call it with a line of what was counted or measured: the run ends with all of them."""
    return lambda line: record_property("figure", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted."""
    reports = [item for found in terminalreporter.stats.values() for item in found]
    properties = [pair for item in reports for pair in getattr(item, "user_properties", ())]
    figures = sorted({str(value) for name, value in properties if name == "figure"})
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.line(line)


@pytest.fixture
def own_environment() -> Iterator[None]:
    """Unset every variable of the framework's for a test, and undo what the test sets."""
    kept = dict(os.environ)
    for option in options().values():
        os.environ.pop(option.variable, None)
    for name in _PLATFORM_VARIABLES:
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def sources(tmp_path: Path, own_environment: None) -> Iterator[SourceTree]:
    """A tree of sources; what loading them leaves in the interpreter is undone."""
    root = tmp_path.resolve()
    path, finders, modules = sys.path[:], sys.meta_path[:], dict(sys.modules)
    finder = standard_names._FINDER
    known = set(source._run_directories), set(finder.directories), set(finder.names)
    yield SourceTree(root)
    sys.path[:], sys.meta_path[:] = path, finders
    for name, module in list(sys.modules.items()):
        # To resolve the paths of all modules took ten times as long as the test itself.
        file = None if module is modules.get(name) else getattr(module, "__file__", None)
        if file and Path(file).resolve().is_relative_to(root):
            del sys.modules[name]
    sys.modules.update({name: module for name, module in modules.items() if name != "__main__"})
    source._run_directories.clear()
    source._run_directories.update(known[0])
    finder.directories, finder.names = known[1], known[2]
