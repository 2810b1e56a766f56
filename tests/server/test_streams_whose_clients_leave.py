"""Streams whose clients leave, or whose deadline comes: closed once, in their own context."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.served_source import Given, Served, served
from support.server_process import wait_until

if TYPE_CHECKING:
    from support.served_source import Served

SOURCE = """
import asyncio, contextvars, os, sys, time
import flask
from starlette.responses import StreamingResponse
import functions_framework
import functions_framework.aio
from functions_framework import sse

var = contextvars.ContextVar("var", default=None)

def say(*words):
    os.write(2, (" ".join(map(str, words)) + "\\n").encode())

def blocking(pause):
    token = var.set("mine")
    try:
        with open(os.devnull):
            yield "first"
            while True:
                time.sleep(pause)
                assert var.get() == "mine"
                yield "next"
    finally:
        var.reset(token)
        say("closed")

async def awaited(pause):
    token = var.set("mine")
    task = asyncio.current_task()
    try:
        with open(os.devnull):
            yield "first"
            while True:
                await asyncio.sleep(pause)
                assert (var.get(), asyncio.current_task()) == ("mine", task)
                yield "next"
    finally:
        assert asyncio.current_task() is task
        var.reset(token)
        say("closed")

class Iterable:
    def __init__(self, pause):
        self.pause = pause

    def __iter__(self):
        yield "first"
        while True:
            time.sleep(self.pause)
            yield "next"

    def close(self):
        say("closed")

KINDS = {
    "generator": blocking,
    "async-generator": awaited,
    "sse": lambda pause: sse(blocking(pause)),
    "async-sse": lambda pause: sse(awaited(pause), heartbeat=0.01),
    "starlette": lambda pause: StreamingResponse(blocking(pause)),
    "async-starlette": lambda pause: StreamingResponse(awaited(pause)),
}
FLASK = {
    "flask": lambda pause: flask.Response(Iterable(pause)),
    "context": lambda pause: flask.Response(flask.stream_with_context(blocking(pause))),
}

def made(path, kinds):
    kind, _, pause = path.rpartition("/")[0].rpartition("/")[2], None, path.rpartition("/")[2]
    return kinds[kind](float(pause))

@functions_framework.http
def plain(request):
    return made(request.path, KINDS | FLASK)

@functions_framework.http
async def waiting(request):
    return made(request.url.path, KINDS)

@functions_framework.aio.http
def threaded(request):
    return made(request.url.path, KINDS)
"""
KINDS = ["generator", "async-generator", "sse", "async-sse", "starlette", "async-starlette"]
FLASK = ["flask", "context"]
TARGETS = {
    "plain": ("plain", "", [*KINDS, *FLASK]),
    "waiting": ("waiting", "", KINDS),
    "threaded": ("threaded", "", KINDS),
    "beside an async one": ("waiting,plain", "/plain", [*KINDS, *FLASK]),
}
CASES = [(name, kind) for name, (_, _, kinds) in TARGETS.items() for kind in kinds]


STUBBORN = """
@functions_framework.http
async def stubborn(request):
    try:
        await asyncio.sleep(20)
    finally:
        return made(request.url.path, KINDS)
"""
LATE_FLAGS = {"late": ("--timeout", "0.3"), "late and logged": ("--timeout", "0.3", "--access-log")}
SERVERS = {
    **{name: Given(SOURCE, target=target) for name, (target, _, _) in TARGETS.items()},
    **{name: Given(SOURCE + STUBBORN, given, "stubborn") for name, given in LATE_FLAGS.items()},
}


def count(worker: int, what: str) -> int:
    return len(list(Path(f"/proc/{worker}/{what}").iterdir()))


def leave(found: Served, path: str, times: int) -> None:
    """Take the first part of a stream and go, so many times."""
    with ExitStack() as stack:
        connections = [stack.enter_context(found.server.connect()) for _ in range(times)]
        for connection in connections:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        for connection in connections:
            received = b""
            while b"first" not in received:
                data = connection.recv(4096)
                assert data, received
                received += data


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_hundred_clients_that_leave_leave_nothing_behind(
    servers: dict[str, Served], name: str, kind: str
) -> None:
    found, (_, prefix, _) = servers[name], TARGETS[name]
    (worker,) = found.server.children()
    path = f"{prefix}/{kind}/0.01"
    closed = found.server.log.count("closed")
    descriptors = threads = 0
    for number in range(1, 6):
        leave(found, path, 20)
        found.server.wait_for("closed", times=closed + 20 * number)
        if number == 1:
            descriptors, threads = count(worker, "fd"), count(worker, "task")
    wait_until(lambda: count(worker, "fd") <= descriptors, "the same descriptors")
    # The engine may need another thread while those of calls that have ended are on their way back.
    wait_until(lambda: count(worker, "task") <= threads + 20, "no more threads")
    assert found.server.log.count("closed") == closed + 100
    assert re.search("Traceback|Exception|never", found.server.log) is None, found.server.log


@pytest.mark.parametrize("name", TARGETS)
def test_a_deadline_closes_them_too(tmp_path: Path, name: str) -> None:
    target, prefix, kinds = TARGETS[name]
    with served(tmp_path, SOURCE, "--timeout", "0.5", target=target) as found:
        with ExitStack() as stack:
            begun = 0
            for kind in kinds:
                connection = stack.enter_context(found.server.connect())
                request = f"GET {prefix}/{kind}/0.01 HTTP/1.1\r\nhost: x\r\n\r\n"
                connection.sendall(request.encode())
                # On a busy machine the deadline may be over before there is a stream.
                begun += connection.recv(12) == b"HTTP/1.1 200"
            assert begun
            found.server.wait_for("closed", times=begun)
        assert re.search("different Context|cannot enter|never|Closing", found.server.log) is None
        assert found.server.log.count("closed") == begun


LATE = """
class Late(Iterable):
    def __iter__(self):
        say("begun")
        yield from super().__iter__()

@functions_framework.http
def plain(request):
    try:
        pass
    finally:  # in which nothing is interrupted
        time.sleep(1)
    return flask.Response(Late(0.01))
"""


def test_a_stream_that_comes_after_the_deadline_is_closed(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE + LATE, "--timeout", "0.3", target="waiting,plain") as found:
        with ExitStack() as stack:
            connections = [stack.enter_context(found.server.connect()) for _ in range(5)]
            for connection in connections:
                connection.sendall(b"GET /plain HTTP/1.1\r\nhost: x\r\n\r\n")
            for connection in connections:
                assert connection.recv(12) == b"HTTP/1.1 504"
            time.sleep(1.5)
        # At the end of its `finally` it may be ended before it has a stream; from 3.13 on it is.
        if begun := found.server.log.count("begun"):
            found.server.wait_for("closed", times=begun)
        assert found.server.log.count("closed") == found.server.log.count("begun")


@pytest.mark.parametrize("name", LATE_FLAGS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_of_who_goes_on_after_the_deadline_is_closed(
    servers: dict[str, Served], kind: str, name: str
) -> None:
    found = servers[name]
    closed = found.server.log.count("closed")
    for number in (1, 2):
        assert found.client.get(f"/{kind}/0.01").status_code == 504
        found.server.wait_for("closed", times=closed + number)
    # The asynchronous ones assert that they are closed in their own task.
    assert re.search("Traceback|never|could not", found.server.log) is None, found.server.log


def test_a_stream_that_waits_long_is_closed_when_it_has_its_part(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, target="waiting") as found:
        leave(found, "/generator/1.5", 3)
        leave(found, "/async-generator/60", 3)
        found.server.wait_for("closed", times=6)
        assert "Traceback" not in found.server.log
