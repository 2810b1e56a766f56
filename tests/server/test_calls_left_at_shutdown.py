"""Calls that outlast the grace period: ended where they can be, and answered in any case."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from support.server_process import KINDS, ServerProcess, read_answer

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import asyncio, sys, time
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@functions_framework.on_shutdown
def stop():
    say("shut down")

@functions_framework.http
def plain(request):
    say("started")
    try:
        if request.path == "/c":
            time.sleep(60)
        if request.path == "/stream":
            def parts():
                try:
                    while True:
                        yield "part"
                        time.sleep(0.01)
                finally:
                    say("cleaned up")
            return parts()
        while True:
            sum(range(100))
    except BaseException as error:
        say("raised", type(error).__name__)
        raise
    finally:
        if request.path != "/stream":
            say("cleaned up")

@functions_framework.http
async def waiting(request):
    say("started")
    try:
        if request.url.path == "/stream":
            async def parts():
                try:
                    while True:
                        yield "part"
                        await asyncio.sleep(0.01)
                finally:
                    say("cleaned up")
            return parts()
        await asyncio.sleep(60)
    except BaseException as error:
        say("raised", type(error).__name__)
        raise
    finally:
        if request.url.path != "/stream":
            say("cleaned up")
"""
GRACE = ["--grace-period", "0.3"]


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("plain", "/", (504, b"The function did not answer in time.")),
        ("plain", "/c", (503, b"The server is shutting down.")),
        ("waiting", "/", (503, b"The server is shutting down.")),
    ],
)
def test_call_left_is_answered(
    tmp_path: Path, kind: str, path: str, expected: tuple[int, bytes]
) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(tmp_path / "main.py", kind, *GRACE) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            server.wait_for("started")
            start = time.monotonic()
            server.signal()
            assert read_answer(connection) == expected
        assert server.exit_code() == 0
        assert time.monotonic() - start < 6  # the grace period, were it the default's, is 8
    assert f"{kind}: {path} was ended at shutdown" in server.log
    assert "shut down" in server.log
    if path != "/c":
        error = "RequestTimeoutException" if kind == "plain" else "CancelledError"
        assert f"raised {error}\ncleaned up\n" in server.log


@pytest.mark.parametrize("kind", KINDS)
def test_endless_stream_is_cut_and_does_not_look_whole(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(tmp_path / "main.py", kind, *GRACE) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("started")
            server.signal()
            with pytest.raises(ConnectionError):
                read_answer(connection)
        assert server.exit_code() == 0
    assert f"{kind}: /stream was ended at shutdown" in server.log
    assert "cleaned up" in server.log


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the call's own thread looks there")
def test_calls_are_answered_though_looking_at_one_fails(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(f"""{SOURCE}
import ast
def fail_once(*_, **__):
    ast.parse = parse
    raise RuntimeError("This parser is broken.")
parse, ast.parse = ast.parse, fail_once  # it finds the lines at which nothing may be raised
""")
    with ServerProcess.start(source, "plain", *GRACE) as server:
        server.ready()
        with server.connect() as first, server.connect() as second:
            for number, connection in enumerate((first, second), 1):
                connection.sendall(b"GET /c HTTP/1.1\r\nhost: x\r\n\r\n")
                server.wait_for("started", times=number)
            server.signal()
            for connection in (first, second):
                assert read_answer(connection) == (503, b"The server is shutting down.")
        assert server.exit_code() == 0
    assert "shut down" in server.log


@pytest.mark.parametrize("flags", [[], ["--asgi"]], ids=["threads", "loop"])
def test_calls_that_go_on_calculating_leave_the_hooks_their_turn(
    tmp_path: Path, flags: list[str]
) -> None:
    source = tmp_path / "main.py"
    source.write_text(f"""{SOURCE}
@functions_framework.http
def stubborn(request):
    say("started")
    while True:
        try:
            while True:
                sum(range(100))
        except BaseException:
            pass
""")
    with ServerProcess.start(source, "stubborn", *GRACE, *flags) as server, ExitStack() as stack:
        server.ready()
        for number in range(1, 9):
            connection = stack.enter_context(server.connect())
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("started", times=number)
        server.signal()
        assert server.exit_code() == 0
    assert "shut down" in server.log
