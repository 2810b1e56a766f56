"""Functions of WebSockets: over the server, under uvicorn, and in memory, from one table."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from functions_framework.testing import AsyncClient, Client, WebSocketRefused
from support.served_source import Given, Served, served, written
from support.server_process import free_port, wait_until
from support.socket_client import SocketClient
from support.socket_functions import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

METRICS = ("--access-log", "--metrics-port", "0", "--timeout", "0.1", "--concurrency", "1")
SERVERS = {"all": Given(SOURCE, METRICS)}


class Socket(Protocol):
    """What is asked of a WebSocket, however it is had."""

    def send(self, text: str) -> None: ...
    def receive(self) -> str | bytes: ...


class _Wire:
    """A WebSocket of `websockets`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def send(self, text: str) -> None:
        self._connection.send(text)

    def receive(self) -> str | bytes:
        try:
            return self._connection.recv(10)  # type: ignore[no-any-return]
        except ConnectionClosed as ended:
            code, reason = (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else (1006, "")
            raise WebSocketDisconnect(code, reason) from ended


class _Memory:
    """A WebSocket of the client for tests."""

    def __init__(self, socket: Any) -> None:
        self.send = socket.send_text
        self._socket = socket

    def receive(self) -> str | bytes:
        try:
            return self._socket.receive_text()  # type: ignore[no-any-return]
        except TypeError:
            return b"bytes"


class Ways:
    """How to open one.

    Args:
        url: of the server, None for the client in memory.
        source: the file.
    """

    def __init__(self, url: str | None, source: Path) -> None:
        self.url = url
        self._source = source

    def status(self, path: str, origin: str | None = None) -> tuple[int, str]:
        """The response to a handshake, 101 where it is accepted."""
        headers = {} if origin is None else {"Origin": origin}
        try:
            if self.url is None:
                with Client(self._source) as client, client.websocket(path, headers=headers):
                    return 101, ""
            with connect(f"{self.url}{path}", additional_headers=headers):
                return 101, ""
        except InvalidStatus as refused:
            return refused.response.status_code, (refused.response.body or b"").decode()
        except WebSocketRefused as refused:
            return refused.status, refused.text

    def conversation(self, path: str, *words: str) -> tuple[list[str | bytes], int, str]:
        """What is answered to words, and how it ends."""
        if self.url is None:
            with Client(self._source) as client, client.websocket(path) as socket:
                return _said(_Memory(socket), words)
        with connect(f"{self.url}{path}") as connection:
            return _said(_Wire(connection), words)


def _said(socket: Socket, words: tuple[str, ...]) -> tuple[list[str | bytes], int, str]:
    for word in words:
        socket.send(word)
    answers: list[str | bytes] = []
    try:
        while True:
            answers.append(socket.receive())
    except WebSocketDisconnect as ended:
        return answers, ended.code, ended.reason


@pytest.fixture(scope="module", params=["server", "uvicorn", "memory"])
def ways(
    request: pytest.FixtureRequest,
    servers: dict[str, Served],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ways]:
    directory = tmp_path_factory.mktemp("source")
    source = written(directory, SOURCE)
    if request.param == "server":
        yield Ways(f"ws://127.0.0.1:{servers['all'].server.port}", source)
    elif request.param == "memory":
        yield Ways(None, source)
    else:
        port = free_port()
        program = (
            "import functions_framework.aio as aio, uvicorn\n"
            "class Both:\n"
            "    apps = {name: aio.create_asgi_app(name, 'main.py')\n"
            "            for name in ('chat', 'rooms')}\n"
            "    async def __call__(self, scope, receive, send):\n"
            "        name = 'rooms' if scope.get('path') == '/rooms' else 'chat'\n"
            "        await self.apps[name](scope, receive, send)\n"
            f"uvicorn.run(Both(), port={port}, log_level='error')\n"
        )
        process = subprocess.Popen([sys.executable, "-c", program], cwd=directory)
        try:
            wait_until(lambda: _is_open(port), "uvicorn")
            yield Ways(f"ws://127.0.0.1:{port}", source)
        finally:
            process.terminate()
            process.wait()


def _is_open(port: int) -> bool:
    try:
        with SocketClient(port, "/chat"):
            return True
    except OSError:
        return False


@pytest.mark.parametrize(
    ("words", "answers", "code", "reason"),
    [
        (["hi", "return"], ["HI"], 1000, ""),
        (["bytes", "é", "close"], [b"bytes", "É"], 4001, "closed"),
        (["leave"], [], 4002, "asked to"),
        (["crash"], [], 1011, ""),
    ],
)
def test_a_conversation(
    ways: Ways, words: list[str], answers: list[str | bytes], code: int, reason: str
) -> None:
    said, *end = ways.conversation("/chat", *words)
    assert (said[1:], *end) == (answers, code, reason)
    told = json.loads(said[0])
    assert len(told.pop("id")) == 12
    assert told == {
        "pool": {"size": 7}, "seen": "chat", "path": "chat", "name": "chat", "remaining": None,
        "trace": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "origin", "status", "text"),
    [
        ("", None, 101, ""),
        ("?as=http", None, 401, "log in first"),
        ("?as=policy", None, 403, "not here"),
        ("?as=handled", None, 418, "handled"),
        ("?as=crash", None, 500, "500 Internal Server Error"),
        ("?as=nothing", None, 403, ""),
        ("", "https://good.example", 101, ""),
        ("", "https://evil.example", 403, "Pages of this origin may not open this WebSocket."),
        ("", "null", 403, "Pages of this origin may not open this WebSocket."),
    ],
)
def test_a_handshake(ways: Ways, query: str, origin: str | None, status: int, text: str) -> None:
    found, said = ways.status(f"/rooms{query}", origin)
    assert (found, said.startswith(text), "secret" in said) == (status, True, False)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost", "http://localhost", 101),
        # A proxy may write the port out (nginx: `$host:$server_port`), a browser doesn't.
        ("a.example:443", "https://a.example", 101),
        ("A.example:80", "http://a.example", 101),
        ("[::1]:443", "https://[::1]", 101),
        ("a.example:8443", "https://a.example", 403),
        ("a.example:80", "https://a.example", 403),
        ("a.example", "https://a.example:8443", 403),
    ],
)
def test_pages_of_the_server_itself_may_open_it(
    servers: dict[str, Served], host: str, origin: str, status: int
) -> None:
    port, lines = servers["all"].server.port, (f"Host: {host}", f"Origin: {origin}")
    with SocketClient(port, "/rooms", *lines, without="Host") as client:
        assert client.status == status


def test_a_proxy_may_name_the_scheme_of_the_socket_itself(servers: dict[str, Served]) -> None:
    lines = ("X-Forwarded-Proto: wss", "X-Forwarded-For: 192.0.2.1")
    with SocketClient(servers["all"].server.port, "/scheme", *lines) as client:
        frame = client.frame()
        assert frame is not None
        assert frame.data == b"wss"


def test_requests_and_handshakes_that_meet_the_wrong_function(servers: dict[str, Served]) -> None:
    server, client = servers["all"]
    answer = client.get("/chat")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "upgrade" in answer.headers["connection"]
    assert answer.text == "This path takes WebSockets, not requests.\n"
    assert [client.get(path).text for path in ("/hello", "/waiting")] == ["Hello!", "Waited!"]
    for path, status in (("/hello", 400), ("/waiting", 400), ("/nowhere", 404)):
        with SocketClient(server.port, path) as socket:
            assert socket.status == status
            assert (status == 404) != socket.body.startswith("No WebSocket is served at this path")


@pytest.mark.parametrize("target", ["hello", "waiting"])
def test_a_server_without_such_functions_takes_a_handshake_for_a_request(
    tmp_path: Path, target: str
) -> None:
    with served(tmp_path, SOURCE, target=target) as (server, _), SocketClient(server.port) as got:
        assert (got.status, got.body) == (200, "Hello!" if target == "hello" else "Waited!")


def test_open_sockets_take_no_place_and_have_no_deadline(servers: dict[str, Served]) -> None:
    server, client = servers["all"]
    with connect(f"ws://127.0.0.1:{server.port}/rooms") as socket:
        assert [client.get("/waiting").text for _ in range(15)] == ["Waited!"] * 15
        socket.send("abc")
        assert socket.recv() == "cba"


def test_what_is_logged_and_counted(servers: dict[str, Served]) -> None:
    server = servers["all"].server
    header = {"Function-Execution-Id": "abc123", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    with connect(f"ws://127.0.0.1:{server.port}/chat", additional_headers=header) as socket:
        told = json.loads(socket.recv())
        assert (told["id"], told["trace"]) == ("abc123", "1" * 32)
        socket.send("crash")
        with pytest.raises(ConnectionClosed):
            socket.recv()
    server.wait_for("after chat")
    server.wait_for("abc123 functions_framework.access: WEBSOCKET /chat 1011 ")
    assert "abc123 functions_framework: Exception on /chat [WEBSOCKET]" in server.log
    text = _metrics(server.log)
    assert 'functions_invocations_total{function="chat",outcome="error",signature="websocket"}' in (
        text
    )
    with connect(f"ws://127.0.0.1:{server.port}/rooms"):
        assert "functions_open_websockets 1.0" in _metrics(server.log)
    server.wait_for("left 1000")
    wait_until(lambda: "functions_open_websockets 0.0" in _metrics(server.log), "its end")
    assert "WebSocketDisconnect" not in server.log


def _metrics(log: str) -> str:
    import httpx

    url = log.partition("Metrics on ")[2].split()[0].replace("0.0.0.0", "127.0.0.1")
    return httpx.get(url).text


def test_the_awaited_client(tmp_path: Path) -> None:
    asyncio.run(_awaited(AsyncClient(written(tmp_path, SOURCE))))


async def _awaited(client: AsyncClient) -> None:
    async with client, client.websocket("/chat", subprotocols=["b", "a"]) as socket:
        assert socket.subprotocol == "b"
        assert (await socket.receive_json())["name"] == "chat"
        await socket.send_text("hi")
        assert await socket.receive_text() == "HI"
        await socket.send_text("crash")
        with pytest.raises(WebSocketDisconnect) as ended:
            await socket.receive_text()
    assert (ended.value.code, repr(ended.value.__cause__)) == (1011, "ValueError('secret')")


def test_the_client_says_what_takes_no_websockets(tmp_path: Path) -> None:
    client = Client(written(tmp_path, SOURCE), target="hello")
    with pytest.raises(ValueError, match="'hello' takes requests, not WebSockets"), client:
        client.websocket("/").__enter__()


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        ("def chat(socket): pass", "it is a plain def. Write async def chat(socket)."),
        ("async def chat(socket): yield 1", "it yields, which nobody would take."),
        ("async def chat(): pass", "takes (); one with the signature websocket is called with one"),
        (
            "@ff.idempotent\nasync def chat(socket): pass",
            "@idempotent cannot protect 'chat': a WebSocket isn't a call that could be repeated.",
        ),
    ],
)
def test_functions_that_cannot_converse_are_refused_at_load(
    tmp_path: Path, function: str, fault: str
) -> None:
    text = f"import functions_framework as ff\n@ff.websocket\n{function}\n"
    command = [sys.executable, "-m", "functions_framework", "--port", "0", "--source"]
    source = written(tmp_path, text)
    done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert fault in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
