"""What --reload restarts for over a real server, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from support.served_source import save, written
from support.server_process import ServerProcess, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

PLAIN = "def hello(request):\n    return {!r}\n"
WRITING = """
from pathlib import Path
HERE = Path(__file__).parent
def hello(request):
    for name in ("out.json", "rows.csv", "cache.db", "notes.txt"):
        (HERE / name).write_text(request.path)
    return "one"
"""


def is_answered(server: ServerProcess, body: bytes) -> bool:
    return server.get() == (200, body)


def wait_for_answer(server: ServerProcess, body: bytes) -> None:
    wait_until(lambda: is_answered(server, body), repr(body), 20)


def test_what_a_function_writes_beside_its_source_restarts_nothing(tmp_path: Path) -> None:
    source = written(tmp_path, WRITING)
    with ServerProcess.start(source, "hello", "--reload") as server:
        server.ready()
        for number in range(3):
            assert server.get(f"/{number}") == (200, b"one")
        save(source, PLAIN.format("two"))  # noticed after all of these
        wait_for_answer(server, b"two")
        assert server.log.count("changed: restarting.") == 1
        assert "main.py changed: restarting." in server.log


def test_templates_and_what_is_declared_restart(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "x.py").write_text("")
    source = written(tmp_path / "app", PLAIN.format("one"))
    flags = ["--reload-include", "data/*.json", "--reload-exclude", "generated"]
    with ServerProcess.start(
        source, "hello", "--reload", *flags, RELOAD_DIR=str(tmp_path / "shared")
    ) as server:
        server.ready()
        app, shared = tmp_path / "app", tmp_path / "shared"
        for directory in ("generated", "templates", "data"):
            (app / directory).mkdir()
        wanted = [app / "templates" / "a.txt", app / "data" / "a.json", shared / "x.py"]
        for number, path in enumerate(wanted):
            (app / "generated" / f"{number}.py").write_text("")
            (app / "data" / f"{number}.csv").write_text("")
            save(path, "# changed")
            server.wait_for(f"{path.name} changed: restarting.")
            server.wait_for("Restarted in", times=number + 1)
        assert f"{shared / 'x.py'} changed: restarting." in server.log
        assert server.log.count("changed: restarting.") == len(wanted)


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_a_module_from_elsewhere_that_a_call_imports_restarts(prefix: str, tmp_path: Path) -> None:
    text = f"""
import sys
sys.path.append({str(tmp_path / "shared")!r})
{prefix}def hello(request):
    import late_word
    return late_word.WORD
"""
    (tmp_path / "shared").mkdir()
    module = tmp_path / "shared" / "late_word.py"
    module.write_text("WORD = 'one'\n")
    (tmp_path / "app").mkdir()
    with ServerProcess.start(written(tmp_path / "app", text), "hello", "--reload") as server:
        assert server.ready().get() == (200, b"one")
        number = 0

        def is_noticed() -> bool:
            # Changes count from when the parent was told of the module: a moment after the call.
            nonlocal number
            number += 1
            save(module, f"WORD = 'word {number}'\n")
            return "late_word.py changed: restarting." in server.log

        wait_until(is_noticed, "the restart", 20)
        wait_for_answer(server, f"word {number}".encode())


def config_map(volume: Path, version: str, text: str) -> None:
    """Write a version of a volume as kubelet does: a directory, and a link put in its place."""
    directory = volume / f"..{version}"
    directory.mkdir()
    (directory / "main.py").write_text(text)
    (volume / "..data_tmp").symlink_to(directory.name)
    old = (volume / "..data").resolve() if (volume / "..data").exists() else None
    (volume / "..data_tmp").replace(volume / "..data")
    if not (volume / "main.py").is_symlink():
        (volume / "main.py").symlink_to("..data/main.py")
    if old is not None:
        shutil.rmtree(old)


@pytest.mark.parametrize("flag", ["--reload", "--reload-poll"])
def test_a_volume_of_kubernetes_is_swapped_as_a_whole(flag: str, tmp_path: Path) -> None:
    config_map(tmp_path, "2026_01", PLAIN.format("one"))
    with ServerProcess.start(tmp_path / "main.py", "hello", flag) as server:
        assert server.ready().get() == (200, b"one")
        for number, word in enumerate(("two", "three"), 1):
            config_map(tmp_path, f"2026_02_{number}", PLAIN.format(word))
            wait_for_answer(server, word.encode())
            server.wait_for("Restarted in", times=number)
        assert server.log.count("main.py changed: restarting.") == 2


def test_a_release_that_a_link_leads_to_is_swapped(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text(PLAIN.format(name))
    current = tmp_path / "current"
    current.symlink_to("one")
    with ServerProcess.start(current / "main.py", "hello", "--reload") as server:
        assert server.ready().get() == (200, b"one")
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").replace(current)
        wait_for_answer(server, b"two")
        server.wait_for("Restarted in")
        # What the link leads to now is watched.
        (tmp_path / "two" / "main.py").write_text(PLAIN.format("three"))
        wait_for_answer(server, b"three")


@pytest.mark.parametrize("way", ["made again", "moved there"])
def test_a_directory_that_another_takes_the_place_of(way: str, tmp_path: Path) -> None:
    """As a checkout of a branch without it and back does: nothing was noticed any more."""
    source, other = tmp_path / "served" / "main.py", tmp_path / "other"
    for directory, word in ((source.parent, "one"), (other, "two")):
        directory.mkdir()
        (directory / "main.py").write_text(PLAIN.format(word))
    with ServerProcess.start(source, "hello", "--reload") as server:
        assert server.ready().get() == (200, b"one")
        if way == "made again":
            shutil.rmtree(source.parent)
            assert server.get() == (200, b"one")  # until there is another
            source.parent.mkdir()
            source.write_text(PLAIN.format("two"))
        else:
            source.parent.rename(tmp_path / "old")
            other.rename(source.parent)
        wait_for_answer(server, b"two")
        source.write_text(PLAIN.format("three"))
        wait_for_answer(server, b"three")


GREETING = "import os\ndef hello(request):\n    return os.environ.get('GREETING', 'none')\n"


def test_a_developers_env_file_is_read_said_and_read_again(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("GREETING=one\nOTHER=x\nKEPT=theirs\n")
    source = written(tmp_path, GREETING)
    with ServerProcess.start(source, "hello", "--reload", KEPT="ours") as server:
        assert server.ready().get() == (200, b"one")
        assert "Read 2 variables from .env.\n" in server.log
        save(dotenv, "GREETING=two\n")
        wait_for_answer(server, b"two")
        server.wait_for("Restarted in")
        save(dotenv, "GREETING 'three'\n")
        server.wait_for("Error: .env:1: expected NAME=value")
        server.wait_for("The variables stay as they were.")
        wait_for_answer(server, b"two")
        save(dotenv, "")
        wait_for_answer(server, b"none")


@pytest.mark.parametrize("flags", [[], ["--reload", "--env-file", "own.env"]])
def test_it_is_left_alone_in_production_and_where_another_is_named(
    flags: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("GREETING=one\n")
    (tmp_path / "own.env").write_text("")
    with ServerProcess.start(written(tmp_path, GREETING), "hello", *flags) as server:
        assert server.ready().get() == (200, b"none")
        assert "Read" not in server.log


def test_a_file_that_a_link_leads_to_restarts_once(tmp_path: Path) -> None:
    """It is seen where it is, and where the link is."""
    package, elsewhere = tmp_path / "shared" / "linked", tmp_path / "elsewhere"
    for directory in (package, elsewhere, tmp_path / "app"):
        directory.mkdir(parents=True)
    (tmp_path / "app" / "linked").symlink_to(package)
    (package / "__init__.py").write_text("")
    (elsewhere / "last_one.py").write_text("")
    text = (
        f"import sys\nsys.path.append({str(elsewhere)!r})\nimport linked, last_one\n"
        "def hello(request): return 'Hello'\n"
    )
    with ServerProcess.start(written(tmp_path / "app", text), "hello", "--reload") as server:
        server.ready()
        for number in range(3):
            told = server.log.count("linked/__init__.py")
            save(package / "__init__.py", f"# {number}")
            server.wait_for("linked/__init__.py", times=told + 1)
            # By the time this is seen, so are all changes of files elsewhere that came before it.
            save(elsewhere / "last_one.py", f"# {number}")
            server.wait_for("last_one.py", times=number + 1)
        # A busy machine may tell of one so late that it is taken for another.
        assert server.log.count("linked/__init__.py") < 5
