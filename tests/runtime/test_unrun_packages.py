"""Importing modules of a package that itself runs when somebody asks for it."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import threading
import time
import types
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.runtime.import_hooks import on_import
from functions_framework.runtime.unrun_packages import (
    has_run,
    is_awaited,
    packages_unrun,
    unseen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = """
import sys
sys.stdout.write("runs ")
from .below import value
from .slow import also
def __getattr__(name):
    if name == "made_up":
        return "made up"
    raise AttributeError(name)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "sample_package"
    place.mkdir()
    (place / "__init__.py").write_text(PACKAGE)
    (place / "below.py").write_text("value = 5\n")
    (place / "slow.py").write_text("import time\ntime.sleep(0.2)\nalso = 6\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield place
    for name in [name for name in sys.modules if name.partition(".")[0] == "sample_package"]:
        del sys.modules[name]


def _import_below() -> None:
    with packages_unrun("sample_package"):
        from sample_package.below import value  # type: ignore[import-not-found]
    assert value == 5


ASKING = {
    "import": "import sample_package",
    "import of a name": "from sample_package import also",
    "import of its own name": "from sample_package import made_up",
    "a module below": "import sample_package.slow",
    "a look": "import sys; sys.modules['sample_package'].value",
    "a look at its names": "import sys; vars(sys.modules['sample_package'])['value']",
    "an import from a module that is there": "from sample_package.below import value",
    "a look at that": "import sys; sys.modules['sample_package.below'].value",
}


@pytest.mark.parametrize("way", ASKING)
def test_a_package_runs_when_it_is_asked_for_and_once(
    way: str, package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _import_below()
    assert not has_run(package.name)
    assert capsys.readouterr().out == ""
    exec(ASKING[way], {})
    exec(ASKING[way], {})
    assert capsys.readouterr().out == "runs "
    assert has_run(package.name)
    module = sys.modules[package.name]
    assert type(module) is types.ModuleType
    assert (module.value, module.also, module.made_up) == (5, 6, "made up")
    assert module.below is sys.modules["sample_package.below"]


def test_what_a_run_cannot_change_is_told_without_one(package: Path) -> None:
    _import_below()
    for name in ("sample_package", "sample_package.below"):
        module = sys.modules[name]
        assert module.__name__ == name
        assert module.__package__ == package.name
        assert module.__file__
        assert module.__file__.startswith(str(package))
    assert not has_run(package.name)


def test_what_is_set_and_deleted_stays_so(package: Path) -> None:
    _import_below()
    module = sys.modules[package.name]
    module.value = 7  # type: ignore[attr-defined]
    del module.also
    sys.modules["sample_package.slow"].also = 8  # type: ignore[attr-defined]
    exec("import sample_package")
    assert module.value == 7
    assert not hasattr(module, "also")
    with pytest.raises(AttributeError):
        del module.also


def test_a_package_that_somebody_else_loads_is_imported(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lazy:
        @staticmethod
        def find_spec(name: str, *rest: Any) -> Any:
            spec = importlib.machinery.PathFinder.find_spec(name, *rest)
            if spec is None or spec.loader is None or name != package.name:
                return None
            spec.loader = importlib.util.LazyLoader(spec.loader)
            return spec

    monkeypatch.setattr(sys, "meta_path", [Lazy, *sys.meta_path])
    _import_below()
    assert has_run(package.name)
    assert sys.modules[package.name].also == 6


def test_modules_of_a_package_that_was_imported_anew_are_ordinary(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _import_below()
    del sys.modules[package.name]
    assert package.name in unseen
    module = importlib.import_module(package.name)
    assert (module.value, module.also) == (5, 6)
    assert capsys.readouterr().out == "runs "
    assert package.name not in unseen
    assert type(sys.modules["sample_package.below"]) is types.ModuleType


def test_who_waits_for_the_import_is_told_at_the_run_and_before_others_see_it(
    package: Path,
) -> None:
    _import_below()
    told: list[object] = []
    on_import(package.name, lambda module: told.append(module.also))
    forget = on_import(package.name, told.append)
    forget()
    assert not told
    threads = [
        threading.Thread(target=lambda: told.append(sys.modules[package.name].value))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert told == [6, *[5] * 5]
    on_import(package.name, told.append)
    assert told[-1] is sys.modules[package.name]


class _Knowing:
    """Knows one module, as a finder of somebody who waits for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, *_: object) -> object:
        return self if name == self._name else None


CYCLE = {
    "__init__": "from .below import value\nalso = 6",
    "below": "import time\ntime.sleep(0.3)\nfrom .slow import also\nvalue = 5",
    "slow": "from . import helper\nalso = 6",
    "helper": "",
}


@pytest.mark.parametrize("first", ["the other", "this"])
@pytest.mark.parametrize("way", ["import sample_package", "from sample_package import also"])
def test_another_thread_that_imports_it_meanwhile(package: Path, way: str, first: str) -> None:
    for name, text in CYCLE.items():
        (package / f"{name}.py").write_text(text)
    seen: list[int] = []

    def ask() -> None:
        exec(way)
        seen.append(sys.modules[package.name].also)

    thread = threading.Thread(target=ask, daemon=True)
    if first == "the other":
        thread.start()
        while package.name not in sys.modules:
            time.sleep(0.001)
    with packages_unrun("sample_package"):
        if first == "this":
            thread.start()
        from sample_package.slow import also  # type: ignore[import-not-found]
    thread.join(20)
    assert [also, *seen] == [6, 6]


def test_a_finder_that_knows_a_module_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [_Knowing("sample_package.app"), *sys.meta_path])
    assert is_awaited("sample_package", "sample_package.app")
    assert not is_awaited("sample_package", "sample_package.below")


def test_nobody_waits_for_what_only_the_interpreter_finds(package: Path) -> None:
    assert (package / "__init__.py").exists()
    assert not is_awaited("sample_package", "sample_package.below")


def test_it_is_imported_like_any_other_where_it_has_run(package: Path) -> None:
    sample_package = importlib.import_module("sample_package")
    _import_below()
    assert has_run(package.name)
    assert sys.modules[package.name] is sample_package


def test_a_package_that_fails_runs_again(package: Path) -> None:
    source = (package / "slow.py").read_text()
    (package / "slow.py").write_text("raise ValueError('not yet')")
    _import_below()
    with pytest.raises(ValueError, match="not yet"):
        exec("from sample_package import also")
    assert not has_run(package.name)
    (package / "slow.py").write_text(f"{source}# mended\n")
    assert sys.modules[package.name].also == 6
    assert has_run(package.name)


def test_nobody_sees_a_package_that_is_not_done(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _import_below()
    seen: list[object] = []

    def ask(way: str) -> None:
        names: dict[str, object] = {}
        exec(way, names)
        seen.append(getattr(sys.modules["sample_package"], "also", None))

    ways = [*ASKING.values()] * 2
    threads = [threading.Thread(target=ask, args=(way,), daemon=True) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [6] * len(ways)
    assert capsys.readouterr().out == "runs "


def test_a_name_that_is_not_there_is_an_attribute_error(package: Path) -> None:
    _import_below()
    assert not hasattr(sys.modules[package.name], "absent")
    assert has_run(package.name)


def test_a_package_inside_another_is_found_there(package: Path) -> None:
    inner = package / "inner"
    inner.mkdir()
    (inner / "__init__.py").write_text("from .deep import value\nran = True\n")
    (inner / "deep.py").write_text("value = 7\n")
    with packages_unrun("sample_package.inner"):
        exec("from sample_package.inner.deep import value")
    assert has_run(package.name)
    assert not has_run("sample_package.inner")
    assert sys.modules[package.name].inner.ran
    assert has_run("sample_package.inner")


MEETING = """
import sys, threading, time
runs, begun = threading.Event(), threading.Event()
runner = None

def wait_until_the_runner_waits_for_an_import():
    while "importlib" not in sys._current_frames()[runner].f_code.co_filename:
        time.sleep(0.01)
"""
RUNS = """
import threading
from . import meeting
meeting.runner = threading.get_ident()
meeting.runs.set()
meeting.begun.wait(20)
from .app import value
"""
APP = """
from .meeting import begun, wait_until_the_runner_waits_for_an_import
begun.set()
wait_until_the_runner_waits_for_an_import()
from . import helper
value = helper.value
"""


def test_two_threads_that_import_what_the_other_needs_both_go_on(package: Path) -> None:
    """One runs the package, which imports a module; the other imports that, which looks back."""
    for name, text in {
        "__init__": RUNS, "app": APP, "meeting": MEETING, "helper": "value = 8",
    }.items():  # fmt: skip
        (package / f"{name}.py").write_text(text)
    with packages_unrun("sample_package"):
        from sample_package.meeting import runs  # type: ignore[import-not-found]
    seen: list[int] = []

    def ask(way: str) -> None:
        names: dict[str, int] = {}
        exec(way, names)
        seen.append(names["value"])

    ways = ("from sample_package import value", "from sample_package.app import value")
    threads = [threading.Thread(target=ask, args=(way,), daemon=True) for way in ways]
    threads[0].start()
    assert runs.wait(20)
    threads[1].start()
    for thread in threads:
        thread.join(20)
    assert seen == [8, 8]
