"""Byte code of what is saved again within a second is not trusted; that of older sources is."""

from __future__ import annotations

import os
import py_compile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.server_process import ServerProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

LONG_AGO = 1_500_000_000
NAMES = ("main.py", "beside.py")


def save(directory: Path, letter: str, second: int) -> None:
    """Save the source and a module beside it, each as long as before, in a given second."""
    text = f"import beside\ndef hello(request):\n    return {letter!r} + beside.TEXT\n"
    for name, content in zip(NAMES, (text, f"TEXT = {letter!r}\n"), strict=True):
        (directory / name).write_text(content)
        os.utime(directory / name, (second, second))


def answer(directory: Path, *flags: str, **variables: str) -> bytes:
    with ServerProcess.start(directory / "main.py", "hello", *flags, **variables) as server:
        return server.ready().get()[1]


def is_answered(server: ServerProcess, text: str) -> bool:
    return server.get() == (200, text.encode())


def within_one_second(attempt: Callable[[int], object]) -> None:
    """Call with a second in which everything is saved, again where the machine took too long."""
    for _ in range(10):
        second = int(time.time()) + 1
        attempt(second)
        if time.time() < second + 1:
            return
    pytest.skip("the machine is too busy for two starts within two seconds")


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["beside it", "elsewhere"])
def test_what_is_saved_twice_in_a_second_is_served(tmp_path: Path, *, is_elsewhere: bool) -> None:
    variables = {"PYTHONPYCACHEPREFIX": str(tmp_path / "cache")} if is_elsewhere else {}
    answers: list[bytes] = []

    def start_twice(second: int) -> None:
        answers.clear()
        for letter in "ab":
            save(tmp_path, letter, second)
            answers.append(answer(tmp_path, **variables))

    within_one_second(start_twice)
    assert answers == [b"aa", b"bb"]


@pytest.mark.parametrize("flag", [[], ["--reload"]], ids=["plain", "reload"])
def test_what_others_cached_of_a_text_before_is_not_trusted(
    flag: list[str], tmp_path: Path
) -> None:
    """As a mount that is read-only may bring it, whose byte code nobody here can delete."""
    found: list[bytes] = []

    def start(second: int) -> None:
        save(tmp_path, "a", second)
        for name in NAMES:
            py_compile.compile(str(tmp_path / name))
        save(tmp_path, "b", second)
        found[:] = [answer(tmp_path, *flag)]

    within_one_second(start)
    assert found == [b"bb"]


def test_byte_code_of_older_sources_is_written_and_used(tmp_path: Path) -> None:
    save(tmp_path, "a", LONG_AGO)
    assert answer(tmp_path) == b"aa"
    save(tmp_path, "b", LONG_AGO)  # which the interpreter cannot tell
    assert answer(tmp_path) == b"aa"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_restart_takes_what_was_saved_with_the_time_of_before(tmp_path: Path) -> None:
    save(tmp_path, "a", LONG_AGO)
    with ServerProcess.start(tmp_path / "main.py", "hello", "--reload") as server:
        assert server.ready().get() == (200, b"aa")
        for letter in "bc":
            save(tmp_path, letter, LONG_AGO)
            wait_until(partial(is_answered, server, letter * 2), letter, 20)


def test_compiling_what_is_young_is_nobody_elses_loss(tmp_path: Path) -> None:
    """Only the load of the source is looked at: who compiles modules afterwards may."""
    save(tmp_path, "a", LONG_AGO)
    text = (
        "import pathlib, py_compile\n"
        "def hello(request):\n"
        "    path = pathlib.Path(__file__).with_name('new.py')\n"
        "    path.write_text('')\n"
        "    return str(pathlib.Path(py_compile.compile(str(path), doraise=True)).exists())\n"
    )
    (tmp_path / "main.py").write_text(text)
    assert answer(tmp_path) == b"True"


@pytest.mark.parametrize("module", ["main", "helper"])
def test_byte_code_that_is_cut_short_is_named(tmp_path: Path, module: str) -> None:
    """A disk that was full leaves such: Python writes it in part, and can't read it ever after."""
    main, helper = tmp_path / "main.py", tmp_path / "helper.py"
    main.write_text("import helper\n\ndef hello(request):\n    return helper.TEXT\n")
    helper.write_text("TEXT = 'Hello world!'\n")
    for file in (main, helper):
        os.utime(file, (1, 1))
    compiled = py_compile.compile(str(tmp_path / f"{module}.py"), doraise=True)
    assert compiled is not None
    cut = Path(compiled)
    cut.write_bytes(cut.read_bytes()[:40])
    with ServerProcess.start(main, "hello") as server:
        assert server.exit_code(20) == 1
    (line,) = server.log.splitlines()
    assert line == f"{cut} is cut short, as after a disk was full. Remove it."
