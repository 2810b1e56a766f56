"""Records read from a real server under concurrent calls: each carries its own call's id."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from support.log_process import LABELS, SAMPLED, SPAN, TRACE
from support.log_server import records_of, serving

if TYPE_CHECKING:
    from pathlib import Path

CALLS = 32
SOURCE = """
import asyncio, logging, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
import functions_framework

POOL = ThreadPoolExecutor(2)

def say(name, what):
    print(name, end=" ")
    time.sleep(0.001)
    print(what, "printed")
    logging.getLogger("user").info("%s %s logged", name, what)

@functions_framework.http
def sync_function(request):
    name = request.headers["Function-Execution-Id"]
    say(name, "call")
    thread = threading.Thread(target=say, args=(name, "thread"))
    thread.start()
    POOL.submit(say, name, "pool").result()
    thread.join()
    def parts():
        for number in range(2):
            say(name, f"part{number}")
            yield name
    return parts()

@functions_framework.http
async def async_function(request):
    name = request.headers["Function-Execution-Id"]
    print(name, end=" ")
    await asyncio.sleep(0.001)
    print("call printed")
    logging.getLogger("user").info("%s call logged", name)
    thread = threading.Thread(target=say, args=(name, "thread"))
    thread.start()
    await asyncio.gather(asyncio.to_thread(say, name, "to_thread"), asyncio.sleep(0.001))
    await asyncio.get_running_loop().run_in_executor(POOL, say, name, "pool")
    while thread.is_alive():
        await asyncio.sleep(0.001)
    async def parts():
        for number in range(2):
            print(name, end=" ")
            await asyncio.sleep(0.001)
            print(f"part{number} printed")
            logging.getLogger("user").info("%s part%s logged", name, number)
            yield name
    return parts()

@functions_framework.http
def crash(request):
    name = request.headers["Function-Execution-Id"]
    raise ValueError(f"{name} crashed")
"""


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("target", ["sync_function", "async_function"])
def test_no_record_carries_another_calls_id(tmp_path: Path, target: str, workers: str) -> None:
    arguments = ("--target", target, "--workers", workers)
    with serving(tmp_path, SOURCE, *arguments, LOG_EXECUTION_ID="True") as served:

        def one(number: int) -> tuple[int, str]:
            headers = {
                "Function-Execution-Id": f"E{number}",
                "X-Cloud-Trace-Context": f"trace{number}/{number};o=1",
            }
            return served.get("/", headers)

        with ThreadPoolExecutor(CALLS) as pool:
            answers = list(pool.map(one, range(1, CALLS + 1)))
    names = [f"E{number}" for number in range(1, CALLS + 1)]
    assert answers == [(200, name * 2) for name in names]
    whats = ["call", "thread", "pool", "part0", "part1"]
    whats += ["to_thread"] if target == "async_function" else []
    _check(records_of(served.output.out), names, whats, "printed")
    _check(records_of(served.output.err), names, whats, "logged")


def _check(records: list[dict[str, Any]], names: list[str], whats: list[str], how: str) -> None:
    expected = {f"{name} {what} {how}" for name in names for what in whats}
    assert sorted(item["message"] for item in records) == sorted(expected)
    for record in records:
        name = record["message"].split()[0]
        assert record[LABELS] == {"execution_id": name}
        assert (record[SPAN], record[TRACE]) == (name[1:], f"trace{name[1:]}")
        assert record[SAMPLED] is True


def test_crash_is_one_record_with_its_call(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "crash", K_SERVICE="svc") as served:
        status, body = served.get("/a%0Ab", {"Function-Execution-Id": "E1", "X-Secret": "hidden"})
    assert (status, "crashed" in body) == (500, False)
    (record,) = records_of(served.output.err)
    assert record["severity"] == "ERROR"
    assert record[LABELS] == {"execution_id": "E1"}
    lines = record["message"].split("\n")
    assert lines[:2] == ["Exception on /a\\nb [GET]", "Traceback (most recent call last):"]
    assert lines[2].endswith("in crash")
    assert lines[-1] == "ValueError: E1 crashed"
    assert "hidden" not in served.output.err


def test_text_by_default_without_a_platform(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "sync_function") as served:
        served.get("/", {"Function-Execution-Id": "E1"})
    assert "E1 call printed\n" in served.output.out
    assert " INFO    E1 user: E1 call logged\n" in served.output.err
