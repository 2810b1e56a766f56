"""Sends mutated requests to real servers for as long as it is told, by hand.

    PYTHONPATH=tests python tests/fuzz/fuzz_server.py --seconds 600

It stops at the first request that gets a 5xx, that logs a traceback, or after which the
server does not go on, and prints that request and the seed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from faults.malformed_requests import ACCEPTED, MALFORMED
from support.event_messages import NAMES, suite_file
from support.server_process import ServerProcess

SOURCE = """
import functions_framework
from dataclasses import dataclass, field

@dataclass
class Order:
    name: str
    count: int = 1
    tags: list[float] = field(default_factory=list)

{functions}
"""
FUNCTIONS = """
@functions_framework.cloud_event(path="/cloudevent")
{kind} cloudevent(event):
    str(event)

@functions_framework.event(path="/event")
{kind} event(data, context):
    str(data), str(context)

@functions_framework.typed(path="/typed")
{kind} typed(order: Order) -> Order:
    return order

@functions_framework.http(path="/")
{kind} http(request):
    return {body}
"""
BODIES = {"def": "request.get_data()", "async def": "await request.body()"}
PATHS = [b"/cloudevent", b"/event", b"/typed", b"/"]
TOKENS = [
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff",
    b"0",
    b"-1",
    b"chunked",
    b"transfer-encoding: chunked\r\n",
]
TOKENS += [
    b"content-length: 3\r\n",
    b"%00",
    b'"',
    b"{",
    b"null",
    b"1e999",
    b"\xed\xa0\x80",
    b"ce-id: ",
]
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3}) ", re.MULTILINE)
CHECK_EVERY = 200


def seeds() -> list[bytes]:
    """Requests to start from: good events of each form, and those of the malformed corpus."""
    found = [row.sent for row in MALFORMED if len(row.sent) < 10_000]
    found += [row.sent for row in ACCEPTED]
    for name in NAMES:
        for form, kind in (
            ("legacy-input", b"application/json"),
            ("cloudevent-input", b"application/cloudevents+json"),
        ):
            body = json.dumps(suite_file(f"{name}-{form}.json")).encode()
            found.append(post(body, b"content-type: " + kind))
    order = b'{"name": "a", "count": 2, "tags": [1.5]}'
    found.append(post(order, b"content-type: application/json"))
    binary = b"content-type: application/json\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n"
    found.append(
        post(b'{"a": 1}', binary + b"ce-specversion: 1.0\r\nce-time: 2020-01-01T00:00:00Z")
    )
    return found


def post(body: bytes, headers: bytes) -> bytes:
    head = b"POST / HTTP/1.1\r\nhost: x\r\n%s\r\ncontent-length: %d\r\n\r\n" % (headers, len(body))
    return head + body


def mutated(source: random.Random, found: list[bytes]) -> bytes:
    """One request, changed in a few places."""
    data = bytearray(source.choice(found).replace(b" / ", b" %s " % source.choice(PATHS), 1))
    for _ in range(source.randint(0, 5)):
        place = source.randint(0, len(data))
        end = min(len(data), place + source.randint(1, 12))
        match source.randint(0, 4):
            case 0:
                data[place:end] = b""
            case 1:
                data[place:place] = source.choice(TOKENS)
            case 2:
                data[place:end] = source.randbytes(end - place)
            case 3:
                data[place:place] = data[place:end] * source.randint(1, 3)
            case _:
                other = source.choice(found)
                start = source.randint(0, len(other))
                data[place:end] = other[start : start + 40]
    return bytes(data)


def sent(server: ServerProcess, data: bytes) -> list[int]:
    """Send, hang up, and read what comes."""
    received = b""
    with server.connect(5) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(0.03)
            while part := connection.recv(65536):
                received += part
                connection.settimeout(0.003)
        except (ConnectionError, TimeoutError):
            pass
    return [int(status) for status in STATUS.findall(received)]


def fuzz(seconds: float, seed: int, folder: Path) -> Counter[str]:
    """Send until the time is over; raise AssertionError with the first request that does harm."""
    source, found, counts = random.Random(seed), seeds(), Counter[str]()
    servers = []
    for kind, body in BODIES.items():
        path = folder / kind.replace(" ", "_") / "main.py"
        path.parent.mkdir()
        functions = FUNCTIONS.format(kind=kind, body=body)
        path.write_text(SOURCE.format(functions=functions))
        servers.append(ServerProcess.start(path, None, "--body-timeout", "1").ready())
    workers = [server.children() for server in servers]
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            for server, known in zip(servers, workers, strict=True):
                data = mutated(source, found)
                statuses = sent(server, data)
                counts.update(f"{status // 100}xx" for status in statuses or [0])
                counts["requests"] += 1
                assert all(status < 500 for status in statuses), f"{statuses}: {data!r}"
                assert "Traceback" not in server.log, f"{data!r}\n{server.log}"
                if counts["requests"] % CHECK_EVERY < 2:
                    assert server.get("/")[0] == 200, repr(data)
                    assert server.children() == known, repr(data)
    finally:
        for server in servers:
            server.__exit__()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            counts = fuzz(given.seconds, given.seed, Path(folder))
        except AssertionError as error:
            sys.exit(f"seed {given.seed}: {error}")
    print(f"seed {given.seed}, {given.seconds:g} s, nothing found: {dict(counts)}")


if __name__ == "__main__":
    main()
