"""The report of a load: what is measured, how it reads, and that imports stay as they were."""

from __future__ import annotations

import importlib
import json
import re
import sys
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.loading import source
from functions_framework.loading.failure import load_failure_text
from functions_framework.loading.import_clock import LoadReport, measured, package_of
from support.log_server import records_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY = """
import time
end = time.perf_counter() + {seconds}
while time.perf_counter() < end:
    pass
"""


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """A directory that counts as one of installed packages, and one of the user's beside it."""
    packages, own = tmp_path / "site-packages", tmp_path / "own"
    (packages / "heavy").mkdir(parents=True)
    (packages / "space" / "inner").mkdir(parents=True)
    own.mkdir()
    (packages / "slow_inside.py").write_text(BUSY.format(seconds=0.02))
    (packages / "heavy" / "__init__.py").write_text(
        "import slow_inside" + BUSY.format(seconds=0.03)
    )
    (packages / "space" / "inner" / "__init__.py").write_text(BUSY.format(seconds=0.02))
    (packages / "light.py").write_text("")
    (packages / "broken.py").write_text("import light\n1 / 0\n")
    (packages / "warns.py").write_text(
        "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n"
    )
    (own / "own_module.py").write_text("import heavy, light" + BUSY.format(seconds=0.02))
    with _on_path(packages, own):
        yield own


@contextmanager
def _on_path(*directories: Path) -> Iterator[None]:
    path, modules = sys.path[:], dict(sys.modules)
    sys.path[:0] = map(str, directories)
    importlib.invalidate_caches()
    yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]


def test_packages_are_told_and_modules_of_the_users_own_with_their_own_time(
    installed: Path,
) -> None:
    with measured() as report:
        importlib.import_module("own_module")
        importlib.import_module("space.inner")
    found = report()
    # On a busy machine others may pass the threshold too.
    assert {"heavy", "space.inner", "own_module"} <= set(found.imports)
    assert list(found.imports.values()) == sorted(found.imports.values(), reverse=True)
    assert 0.05 <= found.imports["heavy"] < found.seconds
    assert found.imports["space.inner"] >= 0.02
    assert 0.02 <= found.imports["own_module"] < found.seconds - found.imports["heavy"]
    assert sum(found.imports.values()) <= found.seconds


def test_own_modules_are_told_where_they_stand(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "parts"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import slow")
    (package / "slow.py").write_text(BUSY.format(seconds=0.03))
    (tmp_path / "main.py").write_text("import parts" + BUSY.format(seconds=0.02))
    with _on_path(tmp_path / "lib"), measured() as report:
        source.run(tmp_path / "main.py")
    costs = report().imports
    assert costs["parts.slow"] >= 0.03
    assert costs["main"] >= 0.02
    assert "parts" not in costs or costs["parts"] < costs["parts.slow"]


def test_a_source_that_fails_is_told_and_raises_as_usual(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1 / 0\n")

    def frames() -> list[str]:
        with pytest.raises(ZeroDivisionError) as caught:
            source.run(tmp_path / "main.py")
        trace = caught.value.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        return load_failure_text(caught.value.with_traceback(trace)).splitlines()

    with _on_path():
        plain = frames()
        with measured():
            assert frames() == plain


def test_second_import_costs_nothing(installed: Path) -> None:
    importlib.import_module("heavy")
    with measured() as report:
        importlib.import_module("heavy")
    assert report().imports == {}


def test_failed_import_raises_as_usual(installed: Path) -> None:
    def frames() -> list[str]:
        for name in ("broken", "light"):
            sys.modules.pop(name, None)
        with pytest.raises(ZeroDivisionError) as caught:
            __import__("broken")
        return [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]

    plain = frames()
    with measured():
        assert frames() == plain == ["frames", "<module>"]
        with pytest.raises(ModuleNotFoundError, match="no_such_module") as missing:
            __import__("no_such_module")
    assert missing.traceback[-1].name.startswith("test_failed")


def test_warnings_point_where_they_did(installed: Path) -> None:
    def place() -> str:
        sys.modules.pop("warns", None)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            __import__("warns")
        return caught[0].filename

    with measured():
        assert place() == __file__
    assert place() == __file__


def test_import_machinery_is_put_back() -> None:
    machinery: Any = importlib._bootstrap
    loader: Any = importlib._bootstrap_external._LoaderBasics  # type: ignore[attr-defined]
    before, run_before = machinery._find_and_load, loader.exec_module
    seen = []

    def load() -> None:
        with measured():
            seen.append(machinery._find_and_load)
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        load()
    assert seen != [before]
    assert machinery._find_and_load is before
    assert loader.exec_module is run_before


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("json.decoder", "json"),
        ("pytest", "pytest"),
        ("_pytest.fixtures", "_pytest"),
        ("functions_framework.loading.import_clock", None),
        ("log_server", None),
        ("no_such_module", None),
    ],
)
def test_package_of(name: str, package: str | None) -> None:
    assert package_of(name) == package


def test_how_it_reads() -> None:
    costs = {name: 0.26 / (number + 1) for number, name in enumerate("abcdefg")}
    report = LoadReport(0.4124, costs)
    assert str(report) == "412 ms: 260 ms a, 130 ms b, 87 ms c, 65 ms d, 52 ms e"
    assert str(LoadReport(0.001, {})) == "1 ms"
    assert report.as_json()["milliseconds"] == 412.4
    assert report.as_json()["imports"]["g"] == 37.1


SOURCE = (
    "import time, logging\nlogging.disable()\ntime.sleep(0.05)\ndef hello(request): return ''\n"
)


def test_server_prints_it(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "hello", "--report") as served:
        line = served.output.err.splitlines()[0]
    assert line.startswith("Loaded hello in ")
    assert " ms flask" in line
    assert int(re.findall(r"(\d+) ms main\b", line)[0]) >= 50
    assert int(line.split()[3]) >= 50


def test_server_prints_it_as_json(tmp_path: Path) -> None:
    variables = {"LOAD_REPORT": "true", "K_SERVICE": "service"}
    with serving(tmp_path, SOURCE, "--target", "hello", **variables) as served:
        (record,) = records_of(served.output.err)
    assert record["severity"] == "INFO"
    assert record["message"].startswith("Loaded hello in ")
    assert record["load"]["milliseconds"] >= 50
    assert record["load"]["imports"]["flask"] > 1
    assert record["load"]["imports"]["main"] >= 50
    assert json.dumps(record)


def test_debug_prints_it(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "hello", "--debug") as served:
        assert "Loaded hello in " in served.output.err


def test_no_report_by_default(tmp_path: Path) -> None:
    source = (
        "import sys\n"
        "def hello(request): return str('functions_framework.loading.import_clock' in sys.modules)"
    )
    with serving(tmp_path, source, "--target", "hello") as served:
        assert served.get("/") == (200, "False")
    assert "Loaded" not in served.output.err
