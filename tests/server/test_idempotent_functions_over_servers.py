"""Idempotent functions over real servers: killed workers, stores away, twins, two servers."""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import httpcore
import httpx
import pytest

from support.redis_server import RedisServer, redis_server
from support.served_source import EVENT, refused, served
from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.served_source import Served

pytestmark = pytest.mark.once

SOURCE = """
import asyncio, os, sys, time
import functions_framework
from functions_framework import cloud_event, http, idempotent

def note(what):
    with open(os.environ["EFFECTS"], "a") as file:
        file.write(what + "\\n")

def pause(event):
    return float(event["type"]) if event["type"][:1].isdigit() else 0

@idempotent(scope="events")
@cloud_event(path="/sync")
def on_event(event):
    note("begun " + event["id"])
    time.sleep(pause(event))
    note("done " + event["id"])
    return dict(type="made", data=event["id"])

@idempotent(scope="events")
@cloud_event(path="/async")
async def on_event_async(event):
    note("begun " + event["id"])
    await asyncio.sleep(pause(event))
    note("done " + event["id"])
    return dict(type="made", data=event["id"])

@idempotent(lease=0.5)
@cloud_event(path="/late")
async def late(event):
    with open(os.environ["EFFECTS"]) as file:
        is_first = "late" not in file.read()
    note("late")
    await asyncio.sleep(1.5 if is_first else 0)
    return dict(type="made", data="first" if is_first else "second")

@idempotent
@http(path="/pay")
async def pay(request):
    note("paid")
    await asyncio.sleep(float(request.query_params["pause"]))
    return "paid"
"""
# Where a test has imported packages anew, httpx does not know its transport's own errors.
ENDED = (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError)
BOTH = pytest.mark.parametrize("path", ["/sync", "/async"])


@contextmanager
def serving(directory: Path, *flags: str) -> Iterator[Served]:
    """Serve the source; effects are noted in a file beside it."""
    (directory / "effects").touch()
    with served(directory, SOURCE, *flags, EFFECTS=str(directory / "effects")) as found:
        yield found


def sqlite(directory: Path) -> str:
    return f"--idempotency-store=sqlite:///{directory}/calls.db"


def effects(directory: Path) -> list[str]:
    return (directory / "effects").read_text().splitlines()


def post(found: Served, path: str, number: str = "1", does: str = "t") -> tuple[int, str]:
    answer = found.client.post(path, headers={**EVENT, "ce-id": number, "ce-type": does})
    return answer.status_code, answer.text


def in_thread(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


@BOTH
def test_a_worker_that_is_killed_holds_its_key_until_the_lease_ends(
    tmp_path: Path, path: str
) -> None:
    def first() -> None:
        with suppress(*ENDED):
            post(found, path, does="60")

    with serving(tmp_path, sqlite(tmp_path), "--timeout", "3") as found:
        began = time.monotonic()
        in_thread(first)
        wait_until(lambda: "begun 1" in effects(tmp_path), "the first call")
        (worker,) = found.server.children()
        os.kill(worker, signal.SIGKILL)
        found.server.wait_for("Serving ", times=1)
        statuses: list[int] = []
        while not statuses or statuses[-1] != 200:
            assert time.monotonic() - began < 20
            time.sleep(0.1)
            with suppress(*ENDED):  # until another worker is there
                statuses.append(post(found, path, does="0")[0])
        assert time.monotonic() - began > 2.5
        assert set(statuses) == {503, 200}
        assert effects(tmp_path).count("begun 1") == 2


@BOTH
def test_a_call_that_is_late_frees_its_key(tmp_path: Path, path: str) -> None:
    with serving(tmp_path, sqlite(tmp_path), "--timeout", "1") as found:
        assert post(found, path, does="60")[0] == 504
        wait_until(lambda: post(found, path, does="0")[0] == 200, "the key", 3)
        assert effects(tmp_path) == ["begun 1", "begun 1", "done 1"]


@BOTH
def test_a_twin_in_progress_is_told_to_come_again(tmp_path: Path, path: str) -> None:
    with serving(tmp_path, sqlite(tmp_path)) as found:
        thread = in_thread(lambda: post(found, path, does="1"))
        wait_until(lambda: "begun 1" in effects(tmp_path), "the first call")
        answer = found.client.post(path, headers={**EVENT, "ce-type": "1"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        found.server.wait_for("wants the event again: a call for the same event is in progress")
        thread.join(10)
        assert post(found, path) == (200, '"1"')
        assert effects(tmp_path) == ["begun 1", "done 1"]
        found.server.wait_for("A repeated call was answered as the first was.")


def test_a_twin_request_in_progress_is_a_conflict(tmp_path: Path) -> None:
    with serving(tmp_path, sqlite(tmp_path)) as found:

        def pay() -> tuple[int, str]:
            answer = found.client.post("/pay?pause=1", headers={"Idempotency-Key": "k"})
            return answer.status_code, answer.text

        thread = in_thread(pay)
        wait_until(lambda: "paid" in effects(tmp_path), "the first call")
        assert pay() == (409, "A request with the same key is in progress.\n")
        thread.join(10)
        assert pay() == (200, "paid")
        assert effects(tmp_path) == ["paid"]


def test_a_client_that_leaves_frees_its_key(tmp_path: Path) -> None:
    with serving(tmp_path, sqlite(tmp_path)) as found:
        with found.server.connect() as connection:
            connection.sendall(
                b"POST /pay?pause=60 HTTP/1.1\r\nhost: x\r\nidempotency-key: k\r\n"
                b"content-length: 0\r\n\r\n"
            )
            wait_until(lambda: "paid" in effects(tmp_path), "the first call")
        headers = {"Idempotency-Key": "k"}

        def is_free() -> bool:
            # The twin is another request by its query: only a free key takes it.
            return found.client.post("/pay?pause=0", headers=headers).status_code == 200

        wait_until(is_free, "the key", 5)
        assert effects(tmp_path) == ["paid", "paid"]


def test_the_response_of_a_call_beyond_its_lease_is_not_kept(tmp_path: Path) -> None:
    with serving(tmp_path, sqlite(tmp_path)) as found:
        thread = in_thread(lambda: post(found, "/late"))
        wait_until(lambda: "late" in effects(tmp_path), "the first call")
        wait_until(lambda: post(found, "/late")[0] == 200, "the end of the lease")
        found.server.wait_for("A call took longer than its lease, and was made a second time")
        thread.join(5)
        assert post(found, "/late") == (200, '"second"')
        assert effects(tmp_path) == ["late", "late"]


def test_answers_outlive_the_server(tmp_path: Path) -> None:
    for _ in range(2):
        with serving(tmp_path, sqlite(tmp_path), "--workers", "2") as found:
            assert post(found, "/sync") == (200, '"1"')
    assert effects(tmp_path) == ["begun 1", "done 1"]


def test_a_repeated_event_counts_as_a_duplicate(tmp_path: Path) -> None:
    with serving(tmp_path, sqlite(tmp_path), "--metrics-port", "0") as found:
        assert [post(found, "/async") for _ in range(3)] == [(200, '"1"')] * 3
        assert effects(tmp_path) == ["begun 1", "done 1"]
        found.server.wait_for("metrics", seconds=5)
        line = next(item for item in found.server.log.splitlines() if "/metrics" in item)
        url = next(word for word in line.split() if "/metrics" in word).strip(",.")

        def has_counted() -> bool:
            text = found.client.get(url).text
            wanted = 'outcome="duplicate",signature="cloudevent"} 2'
            return wanted in text.replace(".0\n", "\n")

        wait_until(has_counted, "two duplicates", 5)


# -- a store that is away ---------------------------------------------------------------------


def test_a_store_that_goes_away_lets_no_call_pass(tmp_path: Path) -> None:
    with redis_server() as redis, serving(tmp_path, f"--idempotency-store={redis.url}") as found:
        assert post(found, "/sync", "1")[0] == 200
        redis.stop()
        for path in ("/sync", "/async"):
            assert post(found, path, "2")[0] == 503
        headers = {"Idempotency-Key": "k"}
        assert found.client.post("/pay?pause=0", headers=headers).status_code == 503
        found.server.wait_for("again: the store of idempotent calls cannot be used:", times=2)
        found.server.wait_for("A request was refused: the store of idempotent calls cannot be")
        redis.start()
        assert post(found, "/async", "2")[0] == 200
        assert [line for line in effects(tmp_path) if line.startswith("done")] == [
            "done 1", "done 2",
        ]  # fmt: skip


def test_a_deadline_leaves_no_half_of_a_step_behind(tmp_path: Path) -> None:
    with (
        redis_server() as redis,
        serving(tmp_path, f"--idempotency-store={redis.url}", "--timeout", "0.5") as found,
    ):
        assert post(found, "/sync", "1")[0] == 200
        redis.signal(signal.SIGSTOP)
        statuses = [post(found, path, "2")[0] for path in ("/sync", "/async")]
        redis.signal(signal.SIGCONT)
        assert statuses == [504, 504]
        wait_until(lambda: post(found, "/sync", "2")[0] == 200, "the key", 10)
        assert [post(found, "/async", str(number)) for number in range(1, 20)] == [
            (200, f'"{number}"') for number in range(1, 20)
        ]
        done = [line for line in effects(tmp_path) if line.startswith("done")]
        assert sorted(done) == sorted(f"done {number}" for number in range(1, 20))


def test_a_call_whose_answer_could_not_be_kept_says_so(tmp_path: Path) -> None:
    with redis_server() as redis, serving(tmp_path, f"--idempotency-store={redis.url}") as found:
        statuses: list[int] = []
        thread = in_thread(lambda: statuses.append(post(found, "/async", does="1")[0]))
        wait_until(lambda: "begun 1" in effects(tmp_path), "the first call")
        redis.stop()
        thread.join(15)
        assert statuses == [200]
        found.server.wait_for("The response of a call could not be kept, and it is made again if")


@pytest.mark.parametrize(
    ("store", "code", "text"),
    [
        ("redis://127.0.0.1:1/0", 1, "(redis://127.0.0.1:1/0) cannot be used: Error"),
        ("redis://127.0.0.1:1/x?db=y", 1, "cannot be used: "),
        ("sqlite:////nowhere/calls.db", 1, "/nowhere/calls.db: [Errno 2] No such file"),
        ("mysql://me:secret@host/db", 2, "'mysql://me:***@host/db'"),
        ("mysql://host/db", 2, "begins with one of sqlite://, redis://, rediss://, unix://"),
    ],
)
def test_a_store_that_cannot_be_used_ends_the_start(
    tmp_path: Path, store: str, code: int, text: str
) -> None:
    found, log = refused(tmp_path, SOURCE, f"--idempotency-store={store}", EFFECTS="x")
    assert (found, text in log) == (code, True), log
    assert "Traceback" not in log
    assert "secret" not in log


def test_several_workers_share_no_store_in_memory(tmp_path: Path) -> None:
    store = "--idempotency-store=memory://"
    found, log = refused(tmp_path, SOURCE, store, "--workers=2", EFFECTS="x")
    assert (found, "2 workers would each run an event that comes twice" in log) == (1, True), log


def test_a_store_that_nobody_needs_is_not_looked_at(tmp_path: Path) -> None:
    source = "import sys\ndef hello(request):\n    return str('sqlite3' in sys.modules)\n"
    flag = "--idempotency-store=redis://127.0.0.1:1/0"
    with served(tmp_path, source, flag, target="hello") as found:
        assert found.client.get("/").text == "False"


def test_the_default_is_told_where_there_may_be_other_instances(tmp_path: Path) -> None:
    (tmp_path / "effects").touch()
    variables = {"EFFECTS": str(tmp_path / "effects"), "TMPDIR": str(tmp_path)}
    with served(tmp_path, SOURCE, K_SERVICE="orders", **variables) as found:
        found.server.wait_for("Idempotent calls are kept in a file of this instance")
        assert [post(found, "/sync")[0] for _ in range(2)] == [200, 200]
    assert effects(tmp_path) == ["begun 1", "done 1"]
    assert len(list(tmp_path.glob("functions-framework-*/*.db"))) == 1


# -- two servers on one store -----------------------------------------------------------------

_EVENTS = 2000
_RATE = 560.0
_REPEATED = 0.3
_SENDERS = 24


class Sent(NamedTuple):
    """A delivery: when, to which server, of which event."""

    at: float
    server: int
    event: int


def deliveries() -> list[Sent]:
    """Every event once, and almost a third of all deliveries a repeated one a moment later."""
    chance = random.Random(14)
    found = []
    for number in range(_EVENTS):
        at = number / (_RATE * (1 - _REPEATED))
        found.append(Sent(at, number % 2, number))
        if chance.random() < _REPEATED / (1 - _REPEATED):
            pause = chance.choice([0, 0, 0.005, 0.05, 0.5])
            found.append(Sent(at + pause, chance.randrange(2), number))
    return sorted(found)


class Senders:
    """Threads that send as a broker does: again and again, until an event is taken."""

    def __init__(self, servers: list[Served]) -> None:
        self._servers = servers
        self._left = iter(deliveries())
        self._lock = threading.Lock()
        self.statuses: dict[int, int] = {}
        self.began = time.monotonic()

    def run(self) -> float:
        threads = [in_thread(self._send) for _ in range(_SENDERS)]
        for thread in threads:
            thread.join(120)
        return time.monotonic() - self.began

    def _send(self) -> None:
        connections = [
            http.client.HTTPConnection(item.server.host, item.server.port, timeout=30)
            for item in self._servers
        ]
        while (item := self._next()) is not None:
            time.sleep(max(0.0, self.began + item.at - time.monotonic()))
            status = 0
            while status != 200:
                status = self._deliver(connections[item.server], item)
        for connection in connections:
            connection.close()

    def _next(self) -> Sent | None:
        with self._lock:
            return next(self._left, None)

    def _deliver(self, connection: http.client.HTTPConnection, item: Sent) -> int:
        path = ("/sync", "/async")[item.server]
        headers = {**EVENT, "ce-id": str(item.event), "ce-type": "0.01"}
        connection.request("POST", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        with self._lock:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        if answer.status == 200:
            assert body == f'"{item.event}"'.encode()
        else:
            time.sleep(0.02)
        return answer.status


@pytest.mark.once
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_two_servers_on_one_store_count_each_event_once(
    tmp_path: Path, kind: str, figure: Callable[[str], None]
) -> None:
    with ExitStack() as stack:
        redis: RedisServer | None = stack.enter_context(redis_server()) if kind == "redis" else None
        flag = f"--idempotency-store={redis.url}" if redis else sqlite(tmp_path)
        quiet = ("--log-level", "error")
        servers = [stack.enter_context(serving(tmp_path, flag, *quiet)) for _ in range(2)]
        senders = Senders(servers)
        seconds = senders.run()
    done = [line for line in effects(tmp_path) if line.startswith("done")]
    begun = [line for line in effects(tmp_path) if line.startswith("begun")]
    assert sorted(done) == sorted(f"done {number}" for number in range(_EVENTS))
    assert len(begun) == _EVENTS
    taken, told = senders.statuses[200], senders.statuses.get(503, 0)
    assert set(senders.statuses) <= {200, 503}
    figure(
        f"two servers on one store ({kind}): {taken} deliveries of {_EVENTS} events "
        f"({(taken - _EVENTS) / taken:.0%} repeated) at {taken / seconds:.0f}/s, {told} told to "
        f"come again as a twin was in progress, {len(done)} effects"
    )
