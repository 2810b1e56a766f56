"""Probes: readiness and liveness on both kinds of server, asked by somebody who isn't a client."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from functions_framework.api import registrations
from functions_framework.api.lifecycle import Lifecycle, readiness
from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

# Each check says what a file beside the source holds.
CHECKS = """
import asyncio, threading
from pathlib import Path

@functions_framework.readiness
def first():
    return True

@functions_framework.readiness
def database():
    found = Path("database").read_text()
    if found == "hang":
        say("hanging")
        threading.Event().wait()
    return {"up": True, "down": (False, "The database is down."), "no": False}.get(found, found)

@functions_framework.readiness
async def queue():
    await asyncio.sleep(0)
    return Path("queue").read_text() == "up", "The queue is down."
"""
READY = (200, b"OK\n")


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    directory = tmp_path_factory.mktemp("probed")
    (directory / "main.py").write_text(FUNCTIONS + CHECKS)
    set_checks(directory)
    flags = ["--health-path", "/healthz/", "--access-log"]
    with ServerProcess.start(directory / "main.py", request.param, *flags) as server:
        server.directory = directory  # type: ignore[attr-defined]
        yield server.ready()


def set_checks(directory: Path, database: str = "up", queue: str = "up") -> None:
    (directory / "database").write_text(database)
    (directory / "queue").write_text(queue)


def test_probes_are_answered_without_the_function(server: ServerProcess) -> None:
    before = server.log.count("GET /mark")
    assert server.get("/healthz") == READY
    assert server.get("/healthz/live") == READY
    assert server.get("/healthz?verbose=1") == READY
    # Everything else under the path is the function's.
    assert server.get("/healthz/else") == (200, b"Hello world!")
    post = b"POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
    assert server.send(post) == (200, b"Hello world!")
    assert server.get("/mark")[0] == 200
    server.wait_for("GET /mark", times=before + 1)
    assert "GET /healthz " not in server.log
    assert "GET /healthz/live" not in server.log


def test_head_has_no_body(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"HEAD /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ({"database": "down"}, b"The database is down.\n"),
        ({"database": "no"}, b"The readiness check 'database' says no.\n"),
        ({"queue": "down"}, b"The queue is down.\n"),
        ({"database": "maybe"}, b"The readiness check 'database' failed.\n"),
    ],
)
def test_checks_decide_on_readiness_and_not_on_liveness(
    server: ServerProcess, states: dict[str, str], text: bytes
) -> None:
    directory: Path = server.directory  # type: ignore[attr-defined]
    assert server.get("/healthz") == READY
    said = server.log.count("Not ready: " + text.decode().strip())
    set_checks(directory, **states)
    try:
        assert server.get("/healthz") == (503, text)
        assert server.get("/healthz") == (503, text)
        assert server.get("/healthz/live") == READY
        assert server.get() == (200, b"Hello world!")
    finally:
        set_checks(directory)
    assert server.get("/healthz") == READY
    server.wait_for("Not ready: " + text.decode().strip(), times=said + 1)
    if text.endswith(b"failed.\n"):
        server.wait_for("returned 'maybe': expected a bool, or (bool, text).")


@pytest.mark.parametrize("kind", KINDS)
def test_check_that_hangs_is_not_asked_twice(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS + CHECKS)
    set_checks(tmp_path, database="hang")
    flags = ["--health-path", "/up"]
    with ServerProcess.start(tmp_path / "main.py", kind, *flags) as server:
        server.ready()
        answers: list[tuple[int, bytes]] = []
        probes = [
            threading.Thread(target=lambda: answers.append(server.get("/up"))) for _ in range(5)
        ]
        for probe in probes:
            probe.start()
        server.wait_for("hanging")
        assert server.get() == (200, b"Hello world!")
        assert server.get("/up/live") == READY
        for probe in probes:
            probe.join(15)
        text = b"The readiness checks did not end within 5 seconds.\n"
        assert answers == [(503, text)] * 5
        assert server.log.count("hanging") == 1
        server.signal()
        assert server.exit_code() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_readiness_fails_while_all_places_are_taken(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--health-path", "/up", "--concurrency", "1", "--grace-period", "0.1"]
    with (
        ServerProcess.start(tmp_path / "main.py", kind, *flags) as server,
        server.ready().connect() as busy,
    ):
        assert server.get("/up") == READY
        busy.sendall(b"GET /sleep/1 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("sleeping")
        assert server.get("/up") == (503, b"All places are taken.\n")
        assert server.get("/up/live") == READY
        assert read_answer(busy)[0] == 200
        wait_until(lambda: server.get("/up") == READY, "readiness")


@pytest.mark.parametrize("kind", KINDS)
def test_place_that_is_free_in_a_moment_is_waited_for(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--health-path", "/up", "--concurrency", "1"]
    with (
        ServerProcess.start(tmp_path / "main.py", kind, *flags) as server,
        server.ready().connect() as busy,
    ):
        busy.sendall(b"GET /sleep/0.2 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("sleeping")
        assert server.get("/up") == READY
        assert read_answer(busy)[0] == 200


@pytest.mark.parametrize("kind", KINDS)
def test_readiness_fails_first_when_the_server_is_told_to_stop(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ServerProcess.start(tmp_path / "main.py", kind, "--health-path", "/up") as server:
        server.ready()
        answers: list[list[tuple[int, bytes]]] = []

        def probe() -> None:
            seen: list[tuple[int, bytes]] = []
            answers.append(seen)
            with server.connect() as connection:
                while not seen or seen[-1] == READY:
                    connection.sendall(b"GET /up HTTP/1.1\r\nhost: x\r\n\r\n")
                    try:
                        seen.append(read_answer(connection))
                    except OSError:
                        return
                # The response said that the connection ends, and it does.
                assert connection.recv(1) == b""

        probes = [threading.Thread(target=probe) for _ in range(4)]
        for thread in probes:
            thread.start()
        wait_until(lambda: len(answers) == 4 and all(len(seen) > 5 for seen in answers), "answers")
        server.signal()
        assert server.exit_code() == 0
        for thread in probes:
            thread.join(10)
    last = [seen[-1] for seen in answers]
    assert (503, b"The server is shutting down.\n") in last
    assert set(last) <= {READY, (503, b"The server is shutting down.\n")}


def test_liveness_may_have_a_path_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS + CHECKS)
    set_checks(tmp_path, database="no")
    paths = "/health/readiness,/health/liveness"
    with ServerProcess.start(tmp_path / "main.py", "waiting", HEALTH_PATH=paths) as server:
        assert server.ready().get("/health/readiness")[0] == 503
        assert server.get("/health/liveness") == READY
        assert server.get("/health/readiness/live") == (200, b"Hello world!")


def test_path_is_the_functions_unless_it_is_set(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS + CHECKS)
    with ServerProcess.start(tmp_path / "main.py", "plain") as server:
        assert server.ready().get("/healthz") == (200, b"Hello world!")


@pytest.mark.parametrize("path", ["healthz", "/", "/a?b", "/a b"])
def test_path_that_is_none_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ServerProcess.start(tmp_path / "main.py", "plain", HEALTH_PATH=path) as server:
        assert server.exit_code() == 2
    assert f"Invalid value {path!r} for HEALTH_PATH: expected a path such as /h" in server.log


def test_check_is_returned_and_belongs_to_the_next_app() -> None:
    registrations.take()

    def check() -> bool:
        return True

    assert readiness(check) is check
    assert Lifecycle.of(registrations.take()).readiness_checks == [check]
    assert Lifecycle.of(registrations.take()).readiness_checks == []
