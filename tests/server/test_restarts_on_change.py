"""--reload over a real server: what is noticed, what clients see meanwhile, and how it heals."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.served_source import save, written
from support.server_process import ServerProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.once, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]

PLAIN = "def hello(request):\n    return {!r}\n"
ASYNC = "async def hello(request):\n    return {!r}\n"
BROKEN = "def hello(request:\n    return 'never'\n"
HELD = "The function is served again once the source is changed."


def wait_for_answer(server: ServerProcess, body: bytes, status: int = 200) -> None:
    wait_until(lambda: server.get() == (status, body), f"{status} {body!r}", 20)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess.start(written(tmp_path, PLAIN.format("0")), "hello", "--reload") as started:
        yield started.ready()


@pytest.mark.parametrize("text", [PLAIN, ASYNC], ids=["def", "async def"])
@pytest.mark.parametrize("flag", ["--reload", "--debug", "--reload-poll"])
def test_a_saved_file_is_served(flag: str, text: str, tmp_path: Path) -> None:
    """Both kinds restart."""
    source = written(tmp_path, text.format("one"))
    with ServerProcess.start(source, "hello", flag) as server:
        assert server.ready().get() == (200, b"one")
        first = server.children()
        save(source, text.format("two"))
        server.wait_for("main.py changed: restarting.")
        server.wait_for("Restarted in")
        wait_for_answer(server, b"two")
        wait_until(lambda: len(server.children()) == len(first), "the old worker's end")
        server.signal()
        assert server.exit_code() == 0


@contextmanager
def asked(server: ServerProcess) -> Iterator[list[tuple[int, bytes]]]:
    """What two clients are answered until the end of the block, in which none may fail."""
    over = threading.Event()
    answers: list[tuple[int, bytes]] = []
    failures: list[OSError] = []

    def ask() -> None:
        try:
            while not over.wait(0.002):
                answers.append(server.get())
        except OSError as error:
            failures.append(error)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        over.set()
        for client in clients:
            client.join(20)
    assert failures == []


def test_no_request_is_refused_or_lost_during_restarts(tmp_path: Path) -> None:
    source = written(tmp_path, PLAIN.format("0"))
    before = time.monotonic()
    with ServerProcess.start(source, "hello", "--reload") as server:
        server.ready()
        start = time.monotonic() - before
        with asked(server) as answers:
            for number in range(1, 6):
                save(source, PLAIN.format(str(number)))
                server.wait_for("Restarted in", times=number)
                seen = len(answers)
                wait_until(partial(lambda so_far: len(answers) > so_far + 4, seen), "some answers")
    assert {status for status, _ in answers} == {200}
    assert {body for _, body in answers} == {b"0", b"1", b"2", b"3", b"4", b"5"}
    # What a machine that is busy takes longer for, a start takes longer for as well.
    limit = 0.5 if start < 0.5 else 3 * start
    took = [float(found) for found in re.findall(r"Restarted in ([\d.]+) s", server.log)]
    assert min(took) < limit, (took, start)


@pytest.mark.parametrize("text", [PLAIN, ASYNC], ids=["def", "async def"])
def test_the_old_worker_ends_though_requests_go_on(text: str, tmp_path: Path) -> None:
    """What arrives for the new one still wakes the engine of the old one."""
    source = written(tmp_path, text.format("0"))
    with ServerProcess.start(source, "hello", "--reload", "--grace-period", "90") as server:
        server.ready()
        before = len(server.children())
        with asked(server) as answers:
            for number in range(1, 4):
                save(source, text.format(str(number)))
                server.wait_for("Restarted in", times=number)
                wait_until(lambda: len(server.children()) == before, "the old worker's end")
                assert server.get() == (200, str(number).encode())
    assert {status for status, _ in answers} == {200}


def test_a_call_in_flight_is_finished_by_the_worker_that_took_it(tmp_path: Path) -> None:
    text = (
        "import pathlib, time\n"
        "def hello(request):\n"
        "    while request.path == '/wait' and not pathlib.Path({!r}).exists():\n"
        "        time.sleep(0.01)\n"
        "    return {!r}\n"
    )
    (tmp_path / "app").mkdir()
    gate = tmp_path / "gate"
    source = written(tmp_path / "app", text.format(str(gate), "old"))
    with ServerProcess.start(source, "hello", "--reload") as server:
        server.ready()
        answers: list[tuple[int, bytes]] = []
        client = threading.Thread(target=lambda: answers.append(server.get("/wait", 20)))
        client.start()
        save(source, text.format(str(gate), "new"))
        server.wait_for("Restarted in")
        assert server.get() == (200, b"new")
        gate.touch()
        client.join(20)
    assert answers in ([(200, b"old")], [(200, b"new")])


def test_a_syntax_error_is_shown_and_heals(server: ServerProcess, tmp_path: Path) -> None:
    save(tmp_path / "main.py", BROKEN)
    server.wait_for(HELD)
    assert "SyntaxError" in server.log
    assert "functions_framework/" not in server.log
    status, body = server.get()
    assert status == 500
    assert body == b"The function could not be loaded; what the server printed says why.\n"
    save(tmp_path / "main.py", "import nowhere_at_all\n")
    server.wait_for(HELD, times=2)
    assert "main.py:1 imports 'nowhere_at_all', which isn't installed." in server.log
    save(tmp_path / "main.py", PLAIN.format("healed"))
    wait_for_answer(server, b"healed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BROKEN, "SyntaxError"),
        ("raise ValueError('at import')\n", "ValueError: at import"),
        ("import os\nos._exit(3)\n", "Error: The worker exited with code 3 while loading."),
        ("import sys\nsys.exit('no way')\n", "no way"),
        ("def other(request):\n    return ''\n", "Error: File"),
        (
            "import functions_framework as f\n@f.on_startup\ndef hello(request=None):\n    1 / 0\n",
            "ZeroDivisionError",
        ),
    ],
    ids=["syntax", "exception", "death", "exit", "no target", "hook"],
)
def test_a_first_start_that_fails_waits_for_the_fix(text: str, said: str, tmp_path: Path) -> None:
    source = written(tmp_path, text)
    with ServerProcess.start(source, "hello", "--reload") as server:
        server.wait_for(HELD)
        assert said in server.log
        save(source, PLAIN.format("fixed"))
        assert server.ready().get() == (200, b"fixed")
        server.signal()
        assert server.exit_code() == 0


def test_modules_elsewhere_are_watched_also_while_they_are_broken(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "shared").mkdir()
    module = tmp_path / "shared" / "greeting.py"
    module.write_text("TEXT = 'one'\n")
    source = written(
        tmp_path / "app", "import greeting\ndef hello(request):\n    return greeting.TEXT\n"
    )
    with ServerProcess.start(source, "hello", "--reload", PYTHONPATH=str(module.parent)) as server:
        assert server.ready().get() == (200, b"one")
        save(module, "TEXT = 'one\n")
        server.wait_for(HELD)
        save(module, "TEXT = 'two'\n")
        wait_for_answer(server, b"two")
        assert f"{module} changed: restarting." in server.log


def test_what_the_interpreter_prints_at_its_start_is_not_a_change(tmp_path: Path) -> None:
    """Site customisations and PyCharm's debugger print in every process, the watching one too."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("print('Hello from here', flush=True)\n")
    (tmp_path / "app").mkdir()
    source = written(tmp_path / "app", PLAIN.format("one"))
    with ServerProcess.start(
        source, "hello", "--reload", PYTHONPATH=str(tmp_path / "site")
    ) as server:
        assert server.ready().get() == (200, b"one")
        save(source, PLAIN.format("two"))
        wait_for_answer(server, b"two")


def test_what_git_ignores_and_what_is_logged_beside_the_source_restart_nothing(
    tmp_path: Path,
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("data/\n")
    (tmp_path / "data").mkdir()
    source = written(tmp_path, PLAIN.format("one"))
    with ServerProcess.start(source, "hello", "--reload") as server:
        server.ready()
        for path in ("data/a.json", "calls.log", "__pycache__/x.pyc", "main.py~"):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text("x")
        save(tmp_path / "template.html", "x")  # noticed after all of these
        server.wait_for("template.html changed: restarting.")
        server.wait_for("Restarted in")
        assert server.log.count("changed: restarting.") == 1


def test_a_log_in_the_directory_of_the_source_restarts_nothing(tmp_path: Path) -> None:
    """The server's own stderr, sent to a file beside the source under any name."""
    import sys

    source = written(tmp_path, PLAIN.format("one"))
    output = tmp_path / "said.txt"
    command = [sys.executable, "-m", "functions_framework", "--target", "hello", "--reload"]
    with output.open("w") as stream:
        process = subprocess.Popen(
            [*command, "--port", "0", "--host", "127.0.0.1"], cwd=tmp_path, stderr=stream
        )
    try:
        wait_until(lambda: "Serving" in output.read_text(), "the start", 20)
        save(source, PLAIN.format("two"))
        wait_until(lambda: "Restarted in" in output.read_text(), "a restart", 20)
        assert output.read_text().count("changed: restarting.") == 1
        assert "said.txt changed" not in output.read_text()
    finally:
        process.kill()
        process.wait()


def test_what_is_recorded_beside_the_source_restarts_nothing(tmp_path: Path) -> None:
    source = written(tmp_path, PLAIN.format("one"))
    with ServerProcess.start(source, "hello", "--reload", "--record", "calls") as server:
        server.ready()
        assert server.get() == (200, b"one")
        wait_until(lambda: any((tmp_path / "calls").iterdir()), "a recorded call")
        save(source, PLAIN.format("two"))  # noticed after it
        server.wait_for("Restarted in")
        assert server.log.count("changed: restarting.") == 1
        assert "main.py changed: restarting." in server.log


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_the_next_worker_finds_the_engine_loaded(tmp_path: Path, server: ServerProcess) -> None:
    def engine_in(process: int) -> list[str]:
        """Where the engine's code is in a process: of whose loading it is."""
        maps = Path(f"/proc/{process}/maps").read_text().splitlines()
        return [line.split()[0] for line in maps if "_granian" in line and " r-xp " in line]

    parent = server.process.pid
    wait_until(lambda: engine_in(parent), "the engine in the parent")
    before = set(server.children())
    save(tmp_path / "main.py", PLAIN.format("1"))
    wait_for_answer(server, b"1")
    (worker,) = set(server.children()) - before
    assert engine_in(worker) == engine_in(parent)


def test_a_port_in_use_ends_it_at_once(tmp_path: Path, server: ServerProcess) -> None:
    source = written(tmp_path, PLAIN.format("one"))
    flags = ["--reload", "--port", str(server.port)]
    with ServerProcess.start(source, "hello", *flags) as second:
        assert second.exit_code(20) == 1
        assert "the port is in use" in second.log


def test_several_workers_are_all_replaced(tmp_path: Path) -> None:
    text = "import os\ndef hello(request):\n    return '{} ' + str(os.getpid())\n"
    source = written(tmp_path, text.format("one"))
    with ServerProcess.start(source, "hello", "--reload", "--workers", "2") as server:
        server.ready()
        # The process that watches is a child as well.
        wait_until(lambda: len(server.children()) == 3, "two workers")
        before = set(server.children())
        save(source, text.format("two"))
        server.wait_for("Restarted in")
        wait_until(
            lambda: len(server.children()) == 3 and len(before & set(server.children())) == 1,
            "two new workers",
        )
        assert server.get()[1].startswith(b"two ")
