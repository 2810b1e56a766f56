"""Serving on a Unix domain socket instead of a port: `--uds`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.server.wire import listening, unix_socket
from functions_framework.settings import Settings
from support.served_source import HELLO, Given, refused, served, written
from support.server_process import FUNCTIONS, KINDS, read_answer, wait_until
from support.terminal import Terminal

if TYPE_CHECKING:
    from support.served_source import Served
    from support.server_process import ServerProcess

pytestmark = pytest.mark.once

PEERS = """
@functions_framework.http
def plain_peer(request):
    if request.path == "/crash":
        raise ValueError("on purpose")
    environ = request.environ
    return [environ["REMOTE_ADDR"], request.remote_addr, request.url, environ["SERVER_PORT"]]

@functions_framework.http
async def waiting_peer(request):
    if request.url.path == "/crash":
        raise ValueError("on purpose")
    scope = request.scope
    return [scope["client"], request.client, str(request.url), scope["server"][1]]
"""
SOURCE = FUNCTIONS + PEERS
LIMITS = (
    "--workers",
    "2",
    "--timeout",
    "2",
    "--body-timeout",
    "1",
    "--header-timeout",
    "1",
    "--max-body-size",
    "1M",
)
SOCKET = ("--uds", "s.sock")
PEER_SEEN = {
    "plain": ["", "", "http://localhost/", "80"],
    "waiting": [None, None, "http://localhost/", None],
}
SERVERS = {
    **{kind: Given(SOURCE, (*SOCKET, *LIMITS, "--keep-alive", "1"), kind) for kind in KINDS},
    **{f"{kind}_peer": Given(SOURCE, (*SOCKET, "--debug"), f"{kind}_peer") for kind in KINDS},
}


@pytest.fixture
def debugged(kind: str, servers: dict[str, Served]) -> Served:
    return servers[f"{kind}_peer"]


def curl(server: ServerProcess, path: str, *flags: str) -> str:
    command = ["curl", "-sS", "--max-time", "10", "--unix-socket", str(server.path), *flags]
    found = subprocess.run(
        [*command, f"http://localhost{path}"], capture_output=True, text=True, check=True
    )
    return found.stdout


def test_requests_are_answered(kind: str, servers: dict[str, Served]) -> None:
    client = servers[kind].client
    assert client.get("/").text == "Hello world!"
    assert client.post("/length", content=b"x" * 300_000).text == "300000"
    assert client.post("/length", content=iter([b"x" * 5, b"y" * 7])).text == "12"
    assert client.get("/stream/3").text == "part 0\npart 1\npart 2\n"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2-prior-knowledge"])
def test_curl_is_answered(server: ServerProcess, version: str) -> None:
    assert curl(server, "/length", version, "--data", "12345") == "5"


def test_all_workers_accept(server: ServerProcess) -> None:
    found: set[int] = set()
    workers = set(server.children())

    def are_seen() -> bool:
        found.add(int(server.get("/pid")[1]))
        return len(found) == 2

    wait_until(are_seen, "two workers")
    # Another test's late call may just have cost one its place.
    assert found <= workers | set(server.children())


def test_the_socket_has_the_permissions_of_the_umask(server: ServerProcess) -> None:
    os.umask(umask := os.umask(0o22))
    assert server.path is not None
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o777 & ~umask


def test_the_start_line_has_the_path(server: ServerProcess) -> None:
    assert " on unix:s.sock, workers 2" in server.log


def test_late_calls_and_senders_are_answered(server: ServerProcess) -> None:
    assert server.get("/sleep/9")[0] == 504
    with server.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf")
        assert read_answer(connection)[0] == 408
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nho")
        assert b"200" not in connection.recv(1000)


def test_peers_have_no_address_and_say_nothing_of_others(debugged: Served, kind: str) -> None:
    forwarded = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
    assert debugged.client.get("/").json() == PEER_SEEN[kind]
    assert debugged.client.get("/", headers=forwarded).json() == PEER_SEEN[kind]


def test_who_connects_is_shown_tracebacks_and_the_console(debugged: Served) -> None:
    client = debugged.client
    assert "on purpose" in client.get("/crash").text
    assert client.get("/_ff").status_code == 200
    # A proxy passes on what comes from anywhere.
    forwarded = {"x-forwarded-for": "1.2.3.4"}
    assert "on purpose" not in client.get("/crash", headers=forwarded).text
    assert client.get("/_ff", headers=forwarded).status_code == 403
    assert client.get("/_ff", headers={"host": "evil.example"}).status_code == 403


def test_changes_restart_on_the_same_socket(debugged: Served) -> None:
    server = debugged.server
    assert server.path is not None
    source = server.path.parent / "main.py"
    before = server.path.stat().st_ino
    source.write_text(f"{source.read_text()}# changed\n")
    server.wait_for("Restarted in")
    assert debugged.client.get("/").status_code == 200
    assert server.path.stat().st_ino == before


def test_proxies_are_believed_where_all_are(kind: str, tmp_path: Path) -> None:
    flags = (*SOCKET, "--forwarded-allow-ips", "*")
    with served(tmp_path, SOURCE, *flags, target=f"{kind}_peer", PORT="1") as found:
        forwarded = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
        shown = str(found.client.get("/", headers=forwarded).json())
        assert "1.2.3.4" in shown
        assert "https://localhost/" in shown


def test_a_person_is_shown_no_address_for_a_browser(tmp_path: Path) -> None:
    written(tmp_path, HELLO)
    with Terminal(tmp_path, *SOCKET, "--target", "hello", "--debug") as terminal:
        shown = terminal.read_until("grace period 8 s")
    assert "on unix:s.sock (Ctrl-C stops)" in shown
    assert "Settings: workers 1" in shown
    assert "Console" not in shown


def test_a_stop_finishes_what_was_accepted_and_removes_the_file(kind: str, tmp_path: Path) -> None:
    with served(tmp_path, FUNCTIONS, *SOCKET, "--workers", "2", target=kind) as found:
        server, answers = found.server, []
        threads = [
            threading.Thread(target=lambda: answers.append(server.get("/sleep/0.7")))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        server.wait_for("sleeping", times=4)
        server.signal()
        assert server.exit_code() == 0
        for thread in threads:
            thread.join()
        assert [status for status, _ in answers] == [200] * 4
        assert not (tmp_path / "s.sock").exists()


def test_no_request_meets_a_closing_socket(kind: str, tmp_path: Path) -> None:
    with served(tmp_path, FUNCTIONS, *SOCKET, target=kind) as found:
        server, statuses, lost = found.server, [], []

        def ask() -> None:
            while True:
                try:
                    connection = server.connect()
                except OSError:
                    return  # refused: the file is gone
                with connection:
                    try:
                        connection.sendall(
                            b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                        )
                        statuses.append(read_answer(connection)[0])
                    except OSError as error:
                        lost.append(repr(error))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(statuses) > 50, "some answers")
        server.signal()
        assert server.exit_code() == 0
        for thread in threads:
            thread.join()
        assert lost == []
        assert set(statuses) == {200}


def test_what_waits_to_be_accepted_is_served_at_a_stop(kind: str, tmp_path: Path) -> None:
    with served(tmp_path, FUNCTIONS, *SOCKET, target=kind) as found, ExitStack() as stack:
        server = found.server
        (worker,) = server.children()
        os.kill(worker, signal.SIGSTOP)
        waiting = [stack.enter_context(server.connect()) for _ in range(200)]
        for connection in waiting:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        server.signal()
        wait_until(server.is_refusing, "its file to be gone")
        os.kill(worker, signal.SIGCONT)
        assert [read_answer(connection)[0] for connection in waiting] == [200] * 200
        assert server.exit_code() == 0


def test_the_file_of_a_killed_server_is_replaced_that_of_a_live_one_is_not(tmp_path: Path) -> None:
    with served(tmp_path, HELLO, *SOCKET, target="hello") as killed:
        os.killpg(killed.server.process.pid, signal.SIGKILL)
        killed.server.process.wait()
        assert (tmp_path / "s.sock").exists()
    with served(tmp_path, HELLO, *SOCKET, target="hello") as live:
        code, said = refused(tmp_path, HELLO, *SOCKET, target="hello")
        assert code != 0
        assert said.count("\n") == 1
        assert "Cannot listen on s.sock: the socket is in use by another server. Choose" in said
        assert live.client.get("/").text == "Hello world!"


def test_of_two_that_start_together_one_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sock")
    with unix_socket.bind(path) as first, unix_socket.bind(path) as second:
        second.listen(1)
        with pytest.raises(InvalidConfigurationException, match="in use by another server"):
            listening.listen(first, 1)
        first.remove()
        assert os.path.lexists(path)  # it is the other's
        second.listen(1)
    assert not os.path.lexists(path)


@pytest.mark.parametrize("times", [0, 1])
def test_a_worker_listens_though_somebody_removed_the_file(tmp_path: Path, times: int) -> None:
    path = tmp_path / "s.sock"
    with unix_socket.bind(str(path)) as listener:
        for _ in range(times):
            listener.listen(1)
        path.unlink()
        listener.listen(1)
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        assert not os.path.lexists(path)


def _file(path: Path) -> None:
    path.write_text("precious")


def _link(path: Path) -> None:
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("a", _file, "it exists and isn't a socket"),
        ("a", Path.mkdir, "it exists and isn't a socket"),
        ("a", _link, "it exists and isn't a socket"),
        ("none/a", None, "there is no directory"),
        ("é" * 100, None, r"the path has \d+ bytes, and a socket's may have 10[37]"),
    ],
)
def test_a_path_that_cannot_be_used_is_refused_and_left_alone(
    tmp_path: Path, name: str, make: object, said: str
) -> None:
    path = tmp_path / name
    if callable(make):
        make(path)
    with pytest.raises(InvalidConfigurationException, match=said) as refusal:
        unix_socket.bind(str(path))
    assert "\n" not in str(refusal.value)
    assert os.path.lexists(path) == (make is not None)


@pytest.mark.parametrize("value", ["unix:/run/app.sock", " ", "a\0b"])
def test_what_cannot_be_a_path_is_refused_as_it_is_read(value: str) -> None:
    with pytest.raises(InvalidConfigurationException, match="expected a path such as /run/app"):
        Settings.load({}, {"UDS": value})


def test_a_system_without_such_sockets_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(InvalidConfigurationException, match="does not have on this system"):
        unix_socket.bind("s.sock")


@pytest.mark.parametrize("flags", [("--port", "8080"), ("--host", "127.0.0.1")])
def test_a_port_and_a_path_contradict_each_other(tmp_path: Path, flags: tuple[str, ...]) -> None:
    code, said = refused(tmp_path, HELLO, *SOCKET, *flags, target="hello")
    assert code == 2
    assert said.count("\n") == 1
    assert "both are given: --uds s.sock and --host or --port. Leave one out." in said


@pytest.mark.parametrize(
    ("given", "environ", "uds"),
    [
        ({"uds": "a"}, {"PORT": "8080", "HOST": "::"}, "a"),
        ({}, {"PORT": "8080", "UDS": "a"}, "a"),
        ({}, {"UDS": ""}, None),
        ({"port": 1}, {"UDS": "a"}, None),
        ({"host": "::"}, {"UDS": "a"}, None),
    ],
)
def test_a_flag_beats_variables_and_a_path_the_port_of_one(
    given: dict[str, object], environ: dict[str, str], uds: str | None
) -> None:
    assert Settings.load(given, environ).uds == uds


def test_the_next_server_takes_the_path_while_this_one_finishes(tmp_path: Path) -> None:
    with (
        served(tmp_path, FUNCTIONS, *SOCKET, target="plain") as first,
        first.server.connect() as calling,
    ):
        calling.sendall(b"GET /sleep/3 HTTP/1.1\r\nhost: x\r\n\r\n")
        first.server.wait_for("sleeping")
        first.server.signal()
        wait_until(lambda: not (tmp_path / "s.sock").exists(), "the file to be gone")
        with served(tmp_path, FUNCTIONS, *SOCKET, target="plain") as second:
            assert first.server.process.poll() is None
            assert read_answer(calling)[0] == 200
            assert first.server.exit_code() == 0
            assert second.client.get("/").text == "Hello world!"


@pytest.mark.parametrize("flags", [(), ("--reload",)], ids=["plainly", "reloading"])
def test_a_process_that_cannot_fork_serves_too(
    kind: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\ndel os.fork\n")
    flags = (*SOCKET, *flags)
    with served(tmp_path, FUNCTIONS, *flags, target=kind, PYTHONPATH=str(tmp_path)) as found:
        assert found.client.get("/").text == "Hello world!"
        found.server.signal()
        assert found.server.exit_code() == 0
        assert not (tmp_path / "s.sock").exists()
