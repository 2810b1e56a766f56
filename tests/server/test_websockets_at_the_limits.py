"""WebSockets in numbers, at the end of a server, and by other ways than a port in the clear."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect, unix_connect

from docs.pages import ROOT
from functions_framework.server.wire import listening
from support.served_source import served, written
from support.server_process import ServerProcess, wait_until
from support.socket_client import BINARY, ECHO, SocketClient, framed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.once

MANY = 500
TLS = ROOT / "tests" / "data" / "tls"


def test_500_sockets_at_once_and_a_goodbye_to_each(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    with served(tmp_path, ECHO, target="app") as (server, _):
        (worker,) = server.children()
        before = _memory(worker)
        codes = asyncio.run(_converse(server, worker, before, figure))
        assert codes == {1001}
        assert server.exit_code() == 0
    assert "was ended at shutdown" not in server.log


async def _converse(
    server: ServerProcess, worker: int, before: int, figure: Callable[[str], None]
) -> set[int]:
    url = f"ws://127.0.0.1:{server.port}/echo"
    some = asyncio.Semaphore(50)

    async def opened(number: int) -> object:
        async with some:
            client = await connect_async(url, compression=None, open_timeout=30)
        await client.send(f"I am {number}")
        assert await client.recv() == f"I am {number}"
        return client

    clients = await asyncio.gather(*map(opened, range(MANY)))
    figure(f"websockets: {(_memory(worker) - before) / MANY:.1f} KB of memory for each open one")
    server.signal(signal.SIGTERM)

    async def code_of(client: object) -> int:
        with pytest.raises(ConnectionClosed) as ended:
            await client.recv()  # type: ignore[attr-defined]
        return ended.value.rcvd.code if ended.value.rcvd else 0

    return set(await asyncio.gather(*map(code_of, clients)))


def _memory(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:  # noqa: PTH123 - no path
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_a_client_that_sends_all_the_time_reads_why_it_was_closed(tmp_path: Path) -> None:
    with served(tmp_path, ECHO, target="app") as (server, _):
        for _ in range(5):
            with SocketClient(server.port, "/about") as client:
                for _ in range(50):
                    client.send(framed(BINARY, bytes(20_000)))
                assert client.end() == (4001, "told")


def test_a_change_of_the_source_ends_sockets_and_new_ones_meet_it(tmp_path: Path) -> None:
    text = (
        "import functions_framework\n@functions_framework.websocket\n"
        "async def chat(socket):\n"
        "    await socket.accept()\n"
        "    await socket.send_text('{}')\n"
        "    await socket.receive()\n"
    )
    with served(tmp_path, text.format("first"), "--reload") as (server, _):
        url = f"ws://127.0.0.1:{server.port}/"
        with connect(url) as old:
            assert old.recv() == "first"
            written(tmp_path, text.format("second"))
            with pytest.raises(ConnectionClosed) as ended:
                old.recv(20)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1001

        def is_new() -> bool:
            with connect(url) as new:
                return new.recv() == "second"

        wait_until(is_new, "the new source")


def test_over_a_unix_domain_socket(tmp_path: Path) -> None:
    with ServerProcess.start(written(tmp_path, ECHO), "app", "--uds", "s") as server:
        path = str(server.ready().path)
        with unix_connect(path, uri="ws://localhost/echo") as client:
            client.send("hi")
            assert client.recv() == "hi"
            server.signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as ended:
                client.recv()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1001


def test_over_tls(tmp_path: Path) -> None:
    flags = ("--certfile", str(TLS / "chain.pem"), "--keyfile", str(TLS / "key.pem"))
    with ServerProcess.start(written(tmp_path, ECHO), "app", *flags) as server:
        trusted = ssl.create_default_context(cafile=str(TLS / "chain.pem"))
        trusted.check_hostname = False
        with connect(f"wss://localhost:{server.ready().port}/about", ssl=trusted) as client:
            assert '"scheme":"wss"' in str(client.recv())
            with pytest.raises(ConnectionClosed) as ended:
                client.recv()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4001


def test_a_proxy_tells_the_client_and_that_it_came_by_tls(tmp_path: Path) -> None:
    with served(tmp_path, ECHO, target="app") as (server, _):
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        url = f"ws://127.0.0.1:{server.port}/about"
        with connect(url, additional_headers=headers) as client:
            told = str(client.recv())
    assert '"scheme":"wss"' in told
    assert "203.0.113.7" in told


def test_the_kernel_asks_silent_clients_whether_they_are_there() -> None:
    with listening.bind("127.0.0.1", 0) as listener:
        listening.find_the_gone(listener)
        listener.listen()
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


def test_a_slow_reader_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with (
        served(tmp_path, ECHO, "--grace-period", "1", target="app") as (server, _),
        SocketClient(server.port, "/flood"),
    ):
        server.wait_for("flooding")
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
