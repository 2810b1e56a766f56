"""Clients beside what else tests use: runners that end a test, patched clocks, threads, records."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

import functions_framework
from functions_framework.testing import AsyncClient, Client, cloud_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from functions_framework.testing import Result

ENDS_OF_CALLS: list[type[BaseException]] = [SystemExit, GeneratorExit]
if sys.version_info >= (3, 11):  # before, a task doesn't say whether somebody has cancelled it
    ENDS_OF_CALLS.append(asyncio.CancelledError)


class EndOfTestError(BaseException):
    """As runners raise it, for no `except Exception` to keep it from them."""


def dependency() -> str:
    return "real"


@functions_framework.http
def plain(request: Any) -> str:
    return dependency()


@functions_framework.http
async def waiting(request: Any) -> str:
    return dependency()


@functions_framework.http
def streaming(request: Any) -> Iterator[str]:
    yield "first"
    yield dependency()


@functions_framework.http
async def streaming_async(request: Any) -> AsyncIterator[str]:
    yield "first"
    yield dependency()


@functions_framework.cloud_event
def on_event(event: Any) -> None:
    dependency()


@functions_framework.cloud_event
async def on_event_async(event: Any) -> None:
    dependency()


@functions_framework.typed
def typed(number: int) -> str:
    return dependency()


def ask(client: Any) -> Any:
    if client.function.signature == "typed":
        return client.invoke(1)
    return client.send(cloud_event()) if client.function.signature == "cloudevent" else client.get()


def via_async_client(function: Any) -> Result:
    async def run() -> Result:
        result: Result = await ask(AsyncClient(function))
        return result

    return asyncio.run(run())


CALLS: list[Callable[[Any], Result]] = [lambda function: ask(Client(function)), via_async_client]


@pytest.mark.parametrize("call", CALLS, ids=["client", "async client"])
@pytest.mark.parametrize(
    "function",
    [plain, waiting, streaming, streaming_async, on_event, on_event_async, typed],
    ids=lambda function: function.__name__,
)
@pytest.mark.parametrize("end", [EndOfTestError, KeyboardInterrupt, pytest.fail.Exception])
def test_what_ends_the_test_is_raised(
    call: Callable[[Any], Result], function: Any, end: type[BaseException]
) -> None:
    with mock.patch(f"{__name__}.dependency", side_effect=end), pytest.raises(end):
        call(function)


@pytest.mark.parametrize("call", CALLS, ids=["client", "async client"])
@pytest.mark.parametrize("function", [plain, waiting, on_event, typed])
@pytest.mark.parametrize("end", ENDS_OF_CALLS)
def test_what_ends_the_call_only_is_a_crash(
    call: Callable[[Any], Result], function: Any, end: type[BaseException]
) -> None:
    with mock.patch(f"{__name__}.dependency", side_effect=end):
        result = call(function)
    assert (result.status, type(result.exception)) == (500, end)


def test_the_clock_of_a_function_is_patched_and_the_client_s_is_not() -> None:
    @functions_framework.http
    def measures(request: Any) -> str:
        before = time.perf_counter()
        return str(time.perf_counter() - before)

    with mock.patch("time.perf_counter", side_effect=[1.0, 3.5]):
        assert Client(measures).get().text == "2.5"


@pytest.mark.parametrize("function", [plain, waiting], ids=["plain", "waiting"])
def test_threads_share_a_client(function: Any) -> None:
    client, together = Client(function), threading.Barrier(8)

    def call(_: int) -> str:
        together.wait(30)
        return client.get().text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == ["real"] * 8


def test_a_record_that_cannot_be_formatted_fails_no_call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])  # those of pytest raise

    @functions_framework.http
    def logs(request: Any) -> str:
        logging.getLogger("mine").warning("%d items", "no")
        return "done"

    result = Client(logs).get()
    assert (result.text, [record.message for record in result.logs]) == ("done", ["%d items"])
    assert "--- Logging error ---" in capsys.readouterr().err


def test_tasks_that_calls_left_end_with_the_client(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    @functions_framework.http
    async def leaves(request: Any) -> str:
        async def later() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("later")

        asyncio.get_running_loop().create_task(later())
        await asyncio.sleep(0)
        return "done"

    with Client(leaves) as client:
        assert client.get().text == "done"
    assert ended == ["later"]
    gc.collect()
    assert "destroyed" not in caplog.text
