"""What every store promises, asked of each: files, memory, a real Redis, and one of the user's."""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.stores import urls
from functions_framework.stores.interface import IdempotencyEntry, StoreError
from functions_framework.stores.own import OwnStore
from support.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class InDict:
    """A store of somebody's own, sync."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[str, float, bytes | None]] = {}

    def begin(self, key: str, token: str, lease: float) -> IdempotencyEntry | None:
        held = self.found.get(key)
        if held is not None and held[1] > time.time() and held[0] != token:
            return IdempotencyEntry(held[2], held[1] - time.time())
        self.found[key] = token, time.time() + lease, None
        return None

    def finish(self, key: str, token: str, answer: bytes, expires: float) -> bool:
        if self.found.get(key, (token,))[0] != token:
            return False
        self.found[key] = token, time.time() + expires, answer
        return True

    def release(self, key: str, token: str) -> None:
        if self.found.get(key, ("",))[0] == token and self.found[key][2] is None:
            del self.found[key]


class InDictAsync:
    """The same, async."""

    def __init__(self) -> None:
        self._inner = InDict()

    async def begin(self, *given: Any) -> IdempotencyEntry | None:
        return self._inner.begin(*given)

    async def finish(self, *given: Any) -> bool:
        return self._inner.finish(*given)

    async def release(self, *given: Any) -> None:
        self._inner.release(*given)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as server:
        yield server.url


@pytest.fixture(params=["sqlite", "memory", "redis", "own", "own async"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param.startswith("own"):
        yield OwnStore(InDict() if request.param == "own" else InDictAsync())
        return
    url = {"sqlite": f"sqlite:///{tmp_path}/calls.db", "memory": "memory://"}.get(request.param)
    made = urls.opened(url or request.getfixturevalue("redis_url"))
    yield made
    made.close()


def name() -> str:
    """A key, or a token, that nobody had before."""
    return secrets.token_hex(16)


def test_a_key_is_held_until_it_is_done(store: Any) -> None:
    key, first, second = name(), name(), name()
    assert store.ask("begin", key, first, 5.0) is None
    entry = store.ask("begin", key, second, 5.0)
    assert (entry.answer, 4 < entry.seconds <= 5) == (None, True)
    assert store.ask("finish", key, first, b"\x00answer\n", 60.0) is True
    entry = store.ask("begin", key, second, 5.0)
    assert (entry.answer, 58 < entry.seconds <= 60) == (b"\x00answer\n", True)


def test_a_key_is_free_when_its_lease_has_ended_and_not_before(store: Any) -> None:
    key, second = name(), name()
    store.ask("begin", key, name(), 0.4)
    began = time.monotonic()
    while store.ask("begin", key, second, 5.0) is not None:
        assert time.monotonic() - began < 5
        time.sleep(0.01)
    assert time.monotonic() - began > 0.3


def test_a_response_expires(store: Any) -> None:
    key, first = name(), name()
    store.ask("begin", key, first, 5.0)
    store.ask("finish", key, first, b"", 0.05)
    time.sleep(0.1)
    assert store.ask("begin", key, name(), 5.0) is None


def test_a_late_call_leaves_the_response_of_its_twin(store: Any) -> None:
    key, first, second = name(), name(), name()
    store.ask("begin", key, first, 0.01)
    time.sleep(0.05)
    assert store.ask("begin", key, second, 5.0) is None
    assert store.ask("finish", key, first, b"first", 60.0) is False
    store.ask("release", key, first)
    assert store.ask("begin", key, name(), 5.0).answer is None
    assert store.ask("finish", key, second, b"second", 60.0) is True
    assert store.ask("finish", key, first, b"first", 60.0) is False
    assert store.ask("begin", key, name(), 5.0).answer == b"second"


def test_a_late_call_without_a_twin_is_done(store: Any) -> None:
    key, first = name(), name()
    store.ask("begin", key, first, 0.01)
    time.sleep(0.05)
    assert store.ask("finish", key, first, b"first", 60.0) is True
    assert store.ask("begin", key, name(), 5.0).answer == b"first"


def test_a_failed_call_frees_its_key_and_no_other(store: Any) -> None:
    key, first = name(), name()
    store.ask("begin", key, first, 5.0)
    store.ask("release", key, name())
    assert store.ask("begin", key, name(), 5.0) is not None
    store.ask("release", key, first)
    assert store.ask("begin", key, first, 5.0) is None


def test_a_step_that_is_sent_twice_is_done_once(store: Any) -> None:
    key, first = name(), name()
    assert [store.ask("begin", key, first, 5.0) for _ in range(2)] == [None, None]
    assert [store.ask("finish", key, first, b"x", 5.0) for _ in range(2)] == [True, True]
    store.ask("release", key, first)
    assert store.ask("begin", key, name(), 5.0).answer == b"x"


def won_by_threads(store: Any, keys: list[str]) -> list[str]:
    """The keys that eight threads got which all try to get every one."""
    won: list[str] = []

    def take() -> None:
        won.extend(key for key in keys if store.ask("begin", key, name(), 5.0) is None)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_one_of_many_threads_gets_a_key(store: Any) -> None:
    if isinstance(store, OwnStore):
        pytest.skip("it is the user's part there")
    keys = [name() for _ in range(30)]
    assert sorted(won_by_threads(store, keys)) == sorted(keys)


def test_one_of_many_threads_gets_a_key_whose_lease_has_ended(store: Any) -> None:
    if isinstance(store, OwnStore):
        pytest.skip("it is the user's part there")
    keys = [name() for _ in range(20)]
    for key in keys:
        store.ask("begin", key, name(), 0.01)
    time.sleep(0.05)
    assert sorted(won_by_threads(store, keys)) == sorted(keys)


def test_an_event_loop_does_not_wait(store: Any) -> None:
    async def ask() -> tuple[Any, int]:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        turning = asyncio.create_task(turn())
        key, first = name(), name()
        await store.ask_async("begin", key, first, 5.0)
        asked = [store.ask_async("begin", key, name(), 5.0) for _ in range(20)]
        entries = await asyncio.gather(*asked)
        turning.cancel()
        return entries, turns

    entries, turns = asyncio.run(ask())
    assert all(entry.answer is None for entry in entries)
    assert turns > 1


# -- files ------------------------------------------------------------------------------------

CONTEND = """
import secrets, sys
from functions_framework.stores import urls
store = urls.opened(sys.argv[1])
won = [n for n in range(200) if store.ask("begin", str(n), secrets.token_hex(16), 60.0) is None]
print(*won)
"""


def test_processes_that_open_a_new_file_at_once_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CONTEND, f"sqlite:///{tmp_path}/calls.db"]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    won = [word for process in started for word in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in started] == [0] * 6
    assert sorted(won, key=int) == [str(number) for number in range(200)]


def test_a_forked_process_opens_the_file_for_itself(tmp_path: Path) -> None:
    program = """
import os, secrets, sys
from functions_framework.stores import urls
store = urls.opened(sys.argv[1])
assert store.ask("begin", "k", "t" * 32, 60.0) is None
child = os.fork()
if not child:
    found = store.ask("begin", "k", "u" * 32, 60.0)
    os._exit(0 if found and store.ask("begin", "l", "u" * 32, 60.0) is None else 1)
assert os.waitpid(child, 0)[1] == 0
assert store.ask("begin", "l", "t" * 32, 60.0) is not None
assert store.ask("finish", "k", "t" * 32, b"", 60.0)
"""
    command = [sys.executable, "-W", "ignore", "-c", program, f"sqlite:///{tmp_path}/calls.db"]
    assert subprocess.run(command, timeout=30, check=False).returncode == 0


def test_a_file_is_for_its_user_alone(tmp_path: Path) -> None:
    store = urls.opened(f"sqlite:///{tmp_path}/calls.db")
    store.ask("check")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()
    assert modes == {0o600}


def test_a_file_that_is_removed_is_noticed(tmp_path: Path) -> None:
    store = urls.opened(f"sqlite:///{tmp_path}/calls.db")
    store.ask("check")
    (tmp_path / "calls.db").unlink()
    with pytest.raises(StoreError, match="removed or replaced while it was in use"):
        store.ask("begin", "k", "t", 5.0)
    assert store.ask("begin", "k", "t", 5.0) is None  # from here on in a new one
    store.close()


@pytest.mark.parametrize("content", [b"no database" * 100, None], ids=["text", "directory"])
def test_what_is_not_a_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "calls.db"
    path.mkdir() if content is None else path.write_bytes(content)
    store = urls.opened(f"sqlite:///{path}")
    with pytest.raises(StoreError, match=r"calls\.db.*(not a database|Is a directory)"):
        store.ask("check")
    store.close()


def test_what_has_expired_is_deleted(tmp_path: Path) -> None:
    import sqlite3

    store = urls.opened(f"sqlite:///{tmp_path}/calls.db")
    for number in range(20):
        store.ask("begin", str(number), "t", 0.01)
    time.sleep(0.05)
    store.close()
    store = urls.opened(f"sqlite:///{tmp_path}/calls.db")
    vars(vars(store)["_backend"])["_next_sweep"] = 0.0
    store.ask("begin", "new", "t", 5.0)
    store.close()
    with sqlite3.connect(tmp_path / "calls.db") as connection:
        assert connection.execute("SELECT key FROM calls").fetchall() == [("new",)]
    connection.close()


# -- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://host/x", "begins with one of sqlite://, redis://, rediss://, unix://, memory://"),
        ("calls.db", "begins with one of"),
        ("sqlite://", "expected a file, such as sqlite:///calls.db"),
        ("sqlite:///", "expected a file"),
        ("sqlite://calls.db", "three slashes before a relative path: sqlite:///calls.db"),
    ],
)
def test_an_address_of_no_store_is_refused(url: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected") as raised:
        urls.check(url)
    assert text in str(raised.value)


def test_a_password_is_not_shown() -> None:
    assert urls.shown("redis://me:secret@host:1/0?x=secret") == "redis://me:***@host:1/0"
    assert urls.shown("redis://host:1/0") == "redis://host:1/0"


def test_the_default_file_is_one_for_each_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = set()
    for directory in ("a", "b", "a"):
        (tmp_path / directory).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / directory)
        found.add(urls.default_url())
    assert len(found) == 2
    (own,) = tmp_path.glob("functions-framework-*")
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    own.chmod(0o777)
    with pytest.raises(OSError, match="is not this user's own directory"):
        urls.default_url()


def test_a_store_that_was_closed_opens_again(tmp_path: Path) -> None:
    store = urls.opened(f"sqlite:///{tmp_path}/calls.db")
    assert store.ask("begin", "k", "t", 5.0) is None
    store.close()
    assert store.ask("begin", "k", "u", 5.0) is not None
    store.close()
    assert os.listdir(tmp_path) == ["calls.db"]  # noqa: PTH208


# -- Redis ------------------------------------------------------------------------------------


def test_redis_measures_leases_by_its_own_clock(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, key = urls.opened(redis_url), name()
    store.ask("begin", key, name(), 30.0)
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real + 3600)
    assert store.ask("begin", key, name(), 5.0).seconds > 25
    store.close()


def test_an_address_cannot_ask_redis_for_text(redis_url: str) -> None:
    store, key, first = urls.opened(f"{redis_url}?decode_responses=True"), name(), name()
    store.ask("begin", key, first, 30.0)
    store.ask("finish", key, first, b"\xff", 30.0)
    assert store.ask("begin", key, name(), 5.0).answer == b"\xff"
    store.close()


def test_redis_that_restarts_is_found_again() -> None:
    with redis_server() as server:
        store = urls.opened(server.url)
        assert store.ask("begin", "k", "t" * 32, 30.0) is None
        server.stop()
        with pytest.raises(StoreError, match="refused"):
            store.ask("begin", "k", "u" * 32, 30.0)
        server.start()
        assert store.ask("begin", "k", "u" * 32, 30.0) is None  # nothing was kept on a disk
        store.close()


def test_redis_that_is_full_says_so() -> None:
    with redis_server("--maxmemory", "1kb") as server:
        store = urls.opened(server.url)
        with pytest.raises(StoreError, match="maxmemory"):
            store.ask("begin", "k", "t" * 32, 30.0)
        store.close()


def test_redis_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "functions_framework.stores.redis_server", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'functions-framework\[redis\]'"):
        urls.opened("redis://localhost")
