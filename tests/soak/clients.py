"""Clients of the soak: those whose every call is counted, and those that misbehave."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS = 20.0
_STRUCTURED = {"content-type": "application/cloudevents+json"}


class Call(NamedTuple):
    """A request, and what says that its response is this one's."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    expects: Callable[[int, bytes], bool]


def _echo(path: str, token: str) -> Call:
    body = token.encode() * random.randrange(0, 200)
    wanted = {"token": token, "length": len(body)}
    return Call(
        "POST",
        f"{path}?token={token}",
        {},
        body,
        lambda status, found: status == 200 and json.loads(found) == wanted,
    )


def _stream(path: str, token: str) -> Call:
    wanted = "".join(f"{token} {number}\n" for number in range(5)).encode()
    return Call("GET", f"{path}?token={token}", {}, b"", lambda s, b: (s, b) == (200, wanted))


def _event(token: str) -> Call:
    event = {
        "specversion": "1.0",
        "id": token,
        "source": "/s",
        "type": "t",
        "data": {"token": token},
    }
    return Call(
        "POST", "/cloudevent", _STRUCTURED, json.dumps(event).encode(), lambda s, _: s == 200
    )


def _background(token: str) -> Call:
    event = {
        "context": {"eventId": token, "eventType": "t", "resource": "r"},
        "data": {"token": token},
    }
    headers = {"content-type": "application/json"}
    return Call("POST", "/event", headers, json.dumps(event).encode(), lambda s, _: s == 200)


def _typed(token: str) -> Call:
    body = json.dumps({"token": token, "number": 3}).encode()
    wanted = {"token": token, "number": 3}
    return Call(
        "POST",
        "/typed",
        {"content-type": "application/json"},
        body,
        lambda status, found: status == 200 and json.loads(found) == wanted,
    )


def _raising(_: str) -> Call:
    return Call("GET", "/raise", {}, b"", lambda status, _: status == 500)


SYNC_CALLS: list[Callable[[str], Call]] = [
    lambda token: _echo("/echo", token),
    lambda token: _stream("/stream", token),
    _event,
    _background,
    _typed,
    _raising,
]
ASYNC_CALLS: list[Callable[[str], Call]] = [
    *SYNC_CALLS,
    lambda token: _echo("/aecho", token),
    lambda token: _stream("/astream", token),
]


class Crowd:
    """Clients in threads of their own, until they are told to stop.

    Attributes:
        counted: what happened, by name.
        lost: the calls whose response was missing or another one's: moment, target, what came.
    """

    def __init__(self, port: int, *, is_mixed: bool) -> None:
        self._port = port
        self._calls = ASYNC_CALLS if is_mixed else SYNC_CALLS
        self._late = ["/late", "/alate"] if is_mixed else ["/late"]
        self._naps = ["/nap", "/anap"] if is_mixed else ["/nap"]
        self._floods = ["/flood", "/aflood"] if is_mixed else ["/flood"]
        self._stop = threading.Event()
        self.counted: Counter[str] = Counter()
        self.lost: list[tuple[float, str, str]] = []
        kinds = [self._steady] * 4 + [self._late_calls, self._leaving, self._sending, self._reading]
        self._threads = [threading.Thread(target=kind, daemon=True) for kind in kinds]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish the call it is in."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"

    def _steady(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
            with contextlib.closing(connection):
                for number in range(50):
                    if self._stop.is_set() or not self._call(connection, number):
                        break

    def _call(self, connection: http.client.HTTPConnection, number: int) -> bool:
        """Make one call and note what came; whether the connection goes on."""
        token = f"{threading.get_ident()}-{time.monotonic_ns()}-{number}"
        call = random.choice(self._calls)(token)
        try:
            connection.request(call.method, call.target, call.body, call.headers)
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.lost.append((time.monotonic(), call.target, repr(error)))
            return False
        self.counted["responses"] += 1
        if not call.expects(status, body):
            self.lost.append((time.monotonic(), call.target, f"{status} {body[:80]!r}"))
        return not response.will_close

    def _late_calls(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", random.choice(self._late))
                response = connection.getresponse()
                self.counted[f"late calls answered {response.status}"] += 1
                response.read()
            connection.close()

    def _leaving(self) -> None:
        while not self._stop.is_set():
            path = random.choice([*self._naps, *self._floods])
            with self._connected(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"):
                time.sleep(0.01)
            self.counted["clients that left"] += 1

    def _sending(self) -> None:
        while not self._stop.is_set():
            head = "POST /echo?token=slow HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc"
            with self._connected(head) as client:
                if client is not None:
                    client.settimeout(1.0)
                    with contextlib.suppress(OSError):
                        client.recv(100)
            self.counted["slow senders"] += 1

    def _reading(self) -> None:
        while not self._stop.is_set():
            path = random.choice(self._floods)
            with self._connected(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n") as client:
                if client is not None:
                    with contextlib.suppress(OSError):
                        client.recv(100)
                    self._stop.wait(0.5)
            self.counted["slow readers"] += 1

    @contextlib.contextmanager
    def _connected(self, head: str) -> Iterator[socket.socket | None]:
        try:
            client = socket.create_connection(("127.0.0.1", self._port), _SECONDS)
        except OSError:
            yield None
            return
        with client:
            with contextlib.suppress(OSError):
                client.sendall(head.encode())
            yield client
