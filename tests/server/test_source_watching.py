"""Which changes under a source's directory call for a restart, and that they are noticed."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.loading import files
from functions_framework.server.parent import watcher as reload
from functions_framework.server.parent.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

PATIENCE = 20.0
QUIET = 0.4


@pytest.mark.parametrize(
    "path",
    ["main.py", "templates/a.txt", "a/templates/b/c.xml", "a b/ü.py", "a/x.html", "tmp/x.py"],
)
def test_files_of_the_source_are_watched(path: str) -> None:
    assert files.is_watched(Path(path))


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        "__pycache__/main.cpython-311.pyc",
        "lib/__pycache__/x",
        ".ipynb_checkpoints/main-checkpoint.py",
        "main.pyc",
        ".venv/bin/python",
        "node_modules/a/b.js",
        "vendor/site-packages/x.py",
        ".main.py.swp",
        "main.py~",
        ".#main.py",
        "#main.py#",
        "4913",
        "main.py___jb_tmp___",
        ".DS_Store",
        "out.json",
        "data/x.csv",
        "cache.db",
        "..2026_11_28/main.py",
        "..data",
    ],
)
def test_what_tools_and_functions_leave_there_is_not(path: str) -> None:
    assert not files.is_watched(Path(path))


@pytest.mark.parametrize(
    ("include", "exclude", "path", "is_watched"),
    [
        (["*.json"], [], "a/b.json", True),
        (["data/*.json"], [], "data/b.json", True),
        (["data/*.json"], [], "other/b.json", False),
        (["data"], [], "data/a/b.csv", True),
        (["./data/"], [], "data/b.csv", True),
        (["*.log"], [], "a.log", True),
        (["*.json"], [], "main.py", True),
        (["*"], [], "__pycache__/main.pyc", False),
        ([], ["generated"], "generated/a.py", False),
        ([], ["tests/*"], "tests/test_a.py", False),
        ([], ["test_*.py"], "test_a.py", False),
        (["*.json"], ["data/*"], "data/b.json", False),
    ],
)
def test_patterns_say_what_else_counts_and_what_does_not(
    include: list[str], exclude: list[str], path: str, is_watched: bool
) -> None:
    assert files.is_watched(Path(path), files.Patterns(include, exclude)) is is_watched


def test_virtual_environments_of_any_name_are_left_out(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "my env" / "lib").mkdir(parents=True)
    (root / "my env" / "pyvenv.cfg").touch()
    paths = [root / "my env" / "lib" / "x.py", root / "main.py"]
    assert files.relevant(paths, root) == ["main.py"]


def test_a_source_inside_a_virtual_environment_is_watched(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "app"
    root.mkdir()
    (root.parent / "pyvenv.cfg").touch()
    assert files.relevant([root / "main.py"], root) == ["main.py"]


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    try:
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    except FileNotFoundError:
        pytest.skip("needs git")
    (root / ".gitignore").write_text("*.log\n/built/\n")
    (root / "built").mkdir()
    paths = [root / "a b.log", root / "built" / "main.py", root / "ü.py"]
    assert files.relevant(paths, root) == ["ü.py"]
    assert files.relevant([root / "built" / "main.py"], root / "built") == ["main.py"]
    included = files.Patterns(include=["*.log"])
    assert files.relevant([root / "a b.log"], root, included) == ["a b.log"]


def start(directory: Path, *, is_polling: bool = False) -> reload.Watcher:
    watcher = reload.Watcher(Watched([str(directory.resolve())], is_polling=is_polling))
    watcher.start()
    watcher.confirm()
    return watcher


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[reload.Watcher]:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.py").write_text("X = 1\n")
    started = start(tmp_path)
    yield started
    started.stop()


def is_readable(watcher: reload.Watcher, timeout: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(watcher, selectors.EVENT_READ)
        return bool(selector.select(timeout))


def test_a_change_is_noticed_at_once_after_the_start(watcher: reload.Watcher) -> None:
    (watcher.source_dir / "main.py").write_text("X = 2\n")
    assert is_readable(watcher, PATIENCE)
    assert watcher.take() == ["main.py"]
    replacement = watcher.source_dir / "main.py~"
    replacement.write_text("X = 3\n")
    replacement.replace(watcher.source_dir / "main.py")
    assert is_readable(watcher, PATIENCE)
    assert watcher.take() == ["main.py"]
    (watcher.source_dir / "sub" / "new ü.py").write_text("")
    assert is_readable(watcher, PATIENCE)
    assert watcher.take() == [str(Path("sub", "new ü.py"))]


# Late enough for the change to be told beside the confirmation, which took both.
@pytest.mark.parametrize("late", [0.0, 2.0])
@pytest.mark.parametrize("is_polling", [False, True], ids=["told", "polling"])
def test_what_changes_while_the_watching_is_prepared_is_noticed(
    tmp_path: Path, late: float, *, is_polling: bool
) -> None:
    """The source has been read by then: a slow start (a debugger's, a big tree's) lost the edit."""
    root = tmp_path.resolve()
    (root / "unchanged.py").write_text("X = 1\n")
    (root / "link.py").symlink_to(tmp_path / "unchanged.py")
    tomorrow = time.time() + 86400
    os.utime(root / "unchanged.py", (tomorrow, tomorrow))
    watched = Watched([str(root)], files=[str(root / "link.py")], is_polling=is_polling)
    watcher = reload.Watcher(watched)
    watcher.start()
    (root / "main.py").write_text("X = 2\n")
    (root / "notes.txt").write_text("")
    try:
        time.sleep(late)
        watcher.confirm()
        assert is_readable(watcher, PATIENCE)
        assert watcher.take() == ["main.py"]
        assert not is_readable(watcher, QUIET)
    finally:
        watcher.stop()


def test_byte_code_is_not_a_change(watcher: reload.Watcher) -> None:
    (watcher.source_dir / "__pycache__").mkdir()
    (watcher.source_dir / "__pycache__" / "main.pyc").write_text("")
    assert not is_readable(watcher, QUIET)


def test_the_parent_loads_no_watching_library(watcher: reload.Watcher) -> None:
    code = (
        "import sys, functions_framework.server.parent.watcher; print('watchfiles' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.strip() == b"False"


def test_it_ends_with_its_parent_and_on_stop(tmp_path: Path) -> None:
    watcher = start(tmp_path)
    process = watcher._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # what the death of the parent does
    assert watcher.take() is None
    assert process.wait(PATIENCE) == 0
    watcher.stop()
    watcher.stop()
    with pytest.raises(ValueError, match="not been started, or was stopped"):
        watcher.take()


def test_a_directory_that_cannot_be_watched_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    watcher = reload.Watcher(Watched([str(tmp_path / "nowhere")]))
    watcher.start()
    with pytest.raises(FunctionsFrameworkException, match="nowhere cannot be watched for changes"):
        watcher.confirm()
    assert "nowhere" in capfd.readouterr().err


def test_files_beside_the_source_do_not_shadow_what_the_watcher_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "signal", "watchfiles", "fnmatch"):
        (tmp_path / f"{name}.py").write_text("raise AssertionError")
    monkeypatch.chdir(tmp_path)
    watcher = start(tmp_path)
    (tmp_path / "main.py").write_text("X = 1\n")
    assert is_readable(watcher, PATIENCE)
    watcher.stop()


@pytest.mark.parametrize("is_asked_for", [True, False], ids=["flag", "variable"])
def test_polling_is_the_way_where_the_system_does_not_tell(
    is_asked_for: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_asked_for:
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.py").write_text("X = 1\n")
    watcher = start(tmp_path, is_polling=is_asked_for)
    for text in ("X = 2\n", "X = 3\n", "X = 4\n"):  # within one second, of one size
        replacement = tmp_path / "main.py~"
        replacement.write_text(text)
        replacement.replace(tmp_path / "main.py")
        assert is_readable(watcher, PATIENCE)
        assert watcher.take() == ["main.py"]
    (tmp_path / "main.py").unlink()
    assert is_readable(watcher, PATIENCE)
    assert watcher.take() == ["main.py"]
    (tmp_path / "sub" / "__pycache__").mkdir()
    (tmp_path / "sub" / "__pycache__" / "x.pyc").touch()
    assert not is_readable(watcher, QUIET)
    watcher.stop()


def test_polling_does_not_enter_what_is_ignored(tmp_path: Path) -> None:
    for name in ("node_modules", ".venv", "my env", "lib"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").touch()
    (tmp_path / "my env" / "pyvenv.cfg").touch()
    found = {Path(entry.path) for entry in files.files_below(tmp_path)}
    assert found == {tmp_path / "lib" / "a.py"}


def test_single_files_elsewhere_are_watched_too(
    watcher: reload.Watcher, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("shared").resolve() / "shared.py"
    outside.write_text("X = 1\n")
    outside.with_name("other.py").touch()
    watcher.watch_also([str(outside), str(watcher.source_dir / "main.py")])
    assert not is_readable(watcher, QUIET)
    outside.with_name("other.py").write_text("X = 2\n")
    outside.write_text("X = 22\n")
    assert is_readable(watcher, PATIENCE)
    assert watcher.take() == [str(outside)]


def test_the_modules_of_the_user_are_told_from_installed_ones(tmp_path: Path) -> None:
    for name in ("broken", "site-packages"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "bad.py").write_text("def f(:\n")
    (tmp_path / "site-packages" / "installed.py").touch()
    (tmp_path / "own.py").touch()
    code = f"""
import sys
sys.path += [{str(tmp_path)!r}, {str(tmp_path / "site-packages")!r}]
from functions_framework.loading.files import local_modules
import installed, json, own, pytest
try:
    import broken.bad
except SyntaxError as error:
    print(*local_modules(error), sep="\\n")
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    root = tmp_path.resolve()
    assert answer.stdout.split("\n")[:-1] == [
        str(root / "broken" / "bad.py"), str(root / "own.py")
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_interrupt_from_the_terminal_is_left_to_the_parent(watcher: reload.Watcher) -> None:
    assert watcher._process is not None
    watcher._process.send_signal(signal.SIGINT)
    (watcher.source_dir / "main.py").write_text("X = 2\n")
    assert is_readable(watcher, PATIENCE)
    assert watcher.take() == ["main.py"]
