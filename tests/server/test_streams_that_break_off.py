"""A stream that fails halfway never looks whole, and its failure is logged, whatever is missing."""

from __future__ import annotations

import selectors
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from functions_framework.server.wire.connections import reset_sender
from support.served_source import served, written
from support.server_process import ServerProcess, read_answer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import asyncio, os, resource, sys, threading
import functions_framework
import functions_framework.aio

HELD = []
TOGETHER = threading.Barrier(8)

def leak():
    # As a function does that never closes its files, only sooner.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 5, most))
    try:
        while True:
            HELD.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        print("no descriptor left", file=sys.stderr, flush=True)

PAIR = threading.Barrier(2)

def failing(path):
    yield b"first"
    if "pair" in path:
        PAIR.wait()
        yield b"second"
    if "whole" in path:
        return
    if "together" in path:
        TOGETHER.wait()
        yield b"second"
    if "leak" in path:
        leak()
    if "part" in path:
        yield None
    raise ValueError("broken on purpose")

async def failing_async(path):
    for part in failing(path):
        yield part

def made(path):
    return failing_async(path) if "async" in path else failing(path)

@functions_framework.http
def plain(request):
    return made(request.path)

@functions_framework.http
async def waiting(request):
    return made(request.url.path)

@functions_framework.aio.http
def threaded(request):
    return made(request.url.path)

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return made(environ["PATH_INFO"])

async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    async for part in failing_async(scope["path"]):
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0.1)

async def returning(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    await asyncio.sleep(0.1)
"""
TARGETS = ["plain", "waiting", "threaded"]


def breaks_off(server: ServerProcess, path: str) -> None:
    with server.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        with pytest.raises(ConnectionError):
            read_answer(connection)


@pytest.mark.parametrize("target", [*TARGETS, "wsgi", "asgi"])
@pytest.mark.parametrize("path", ["/", "/async"])
def test_a_stream_that_fails_does_not_look_whole(tmp_path: Path, target: str, path: str) -> None:
    if target == "wsgi" and path == "/async":
        pytest.skip("PEP 3333 has no async streams")
    with served(tmp_path, SOURCE, target=target) as found:
        breaks_off(found.server, path)
        found.server.wait_for("ValueError: broken on purpose", seconds=5)
        if target in TARGETS:
            breaks_off(found.server, f"{path}/part")
            found.server.wait_for("TypeError: Expected the parts of a stream", seconds=5)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("target", ["plain", "threaded"])
def test_several_that_fail_at_once_are_all_broken_off(
    tmp_path: Path, target: str, version: str
) -> None:
    with served(tmp_path, SOURCE, target=target) as found, ExitStack() as stack:
        connections = [stack.enter_context(found.server.connect(5)) for _ in range(8)]
        for connection in connections:
            connection.sendall(f"GET /together HTTP/{version}\r\nhost: x\r\n\r\n".encode())
        for connection in connections:
            with pytest.raises(ConnectionError):
                read_answer(connection) if version == "1.1" else read_to_the_end(connection)
        found.server.wait_for("ValueError: broken on purpose", times=8)


def is_told_from_others(fails: socket.socket, server: ServerProcess) -> bool:
    """Whether a stream that fails is broken off before the server says that it cannot tell."""
    with selectors.DefaultSelector() as selector, suppress(ConnectionResetError):
        selector.register(fails, selectors.EVENT_READ)
        while "cannot be told from others" not in server.log:
            if selector.select(0.05):
                fails.recv(4096)
        return False
    return True


def test_one_that_may_be_another_waits_until_it_can_be_told(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, target="plain") as found, ExitStack() as stack:
        for _ in range(10):  # on a busy machine both may not send at the same moment
            idle, fails = (stack.enter_context(found.server.connect()) for _ in range(2))
            for connection, path, version in ((idle, "whole", "1.1"), (fails, "fails", "1.0")):
                head = f"GET /pair/{path} HTTP/{version}\r\nhost: x\r\n\r\n"
                connection.sendall(head.encode())
            assert read_answer(idle) == (200, b"firstsecond")
            if not is_told_from_others(fails, found.server):
                break
        idle.sendall(b"GET /whole HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(idle) == (200, b"first")
        with pytest.raises(ConnectionResetError):
            read_to_the_end(fails)


def test_a_connection_on_which_nothing_was_sent_is_not_a_stream_s() -> None:
    """The kernel counts from its beginning then, which may be the moment that is looked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        # An address of its own: nobody else's connection is looked at.
        with socket.create_connection(address, 5, ("127.0.0.9", 0)), listener.accept()[0] as served:
            assert not reset_sender("127.0.0.9", time.monotonic(), lambda: None)
            served.sendall(b"part")
            assert reset_sender("127.0.0.9", time.monotonic(), lambda: None)


def read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


@pytest.mark.parametrize("target", ["waiting,plain,threaded", "plain"])
def test_nor_to_a_client_of_http_1_0(tmp_path: Path, target: str) -> None:
    # Its answers last until the connection ends; an end would make this one look whole.
    with served(tmp_path, SOURCE, target=target) as found, ExitStack() as stack:
        for path in ["/waiting", "/plain", "/threaded"]:
            connection = stack.enter_context(found.server.connect())
            connection.sendall(f"GET {path} HTTP/1.0\r\nhost: x\r\n\r\n".encode())
            with pytest.raises(ConnectionResetError):
                read_to_the_end(connection)


def test_an_application_that_returns_in_the_middle_does_not_look_whole(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, target="returning") as found:
        breaks_off(found.server, "/")
        found.server.wait_for("returned in the middle of its response", seconds=5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", ["/leak", "/leak/async"])
def test_nor_when_no_descriptor_is_left(tmp_path: Path, target: str, path: str) -> None:
    with served(tmp_path, SOURCE, target=target) as found:
        breaks_off(found.server, path)
        found.server.wait_for("ValueError: broken on purpose", seconds=5)
        assert found.server.log.count("Traceback") == 1, found.server.log


@pytest.mark.skipif(not shutil.which("unshare"), reason="hides /proc with unshare")
@pytest.mark.parametrize("target", TARGETS)
def test_nor_without_proc(tmp_path: Path, target: str) -> None:
    hide = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if subprocess.run([*hide, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody hide /proc")
    command = [*hide, sys.executable, "-m", "functions_framework", "--target", target]
    command += ["--source", str(written(tmp_path, SOURCE)), "--port", "0", "--host", "127.0.0.1"]
    with ServerProcess.by(command, tmp_path) as server:
        breaks_off(server.ready(), "/")
        server.wait_for("ValueError: broken on purpose", seconds=5)
        assert server.log.count("Traceback") == 1, server.log
