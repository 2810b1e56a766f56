"""Context variables and threads of a call whose middleware and function are of both kinds."""

from __future__ import annotations

import asyncio
import itertools
import threading
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import pytest

from support.in_memory import HOSTS, Answer, serve

if TYPE_CHECKING:
    from functions_framework.api.middleware import Invocation

USER: ContextVar[str] = ContextVar("user", default="nobody")
FOUND: ContextVar[str] = ContextVar("found", default="nothing")

SEEN: list[str] = []


def ask(host: str, function: Any, layers: list[Any]) -> Answer:
    """One call; what it sets is not left behind in the test's own context."""
    return copy_context().run(serve(host, function, layers=layers))


def sets(invocation: Invocation, call_next: Any) -> Any:
    token = USER.set(f"{USER.get()}+def")
    try:
        result = call_next(invocation)
    finally:
        SEEN.append(FOUND.get())
        USER.reset(token)
    return result


async def sets_async(invocation: Invocation, call_next: Any) -> Any:
    await asyncio.sleep(0)
    token = USER.set(f"{USER.get()}+async")
    try:
        result = await call_next(invocation)
    finally:
        SEEN.append(FOUND.get())
        USER.reset(token)
    return result


KINDS = {"def": sets, "async": sets_async}
ORDERS = [order for number in (1, 2, 3) for order in itertools.product(KINDS, repeat=number)]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_what_middleware_sets_is_seen_inside_and_what_is_set_inside_outside(
    host: str, order: tuple[str, ...]
) -> None:
    SEEN.clear()

    def function(_: Any) -> str:
        FOUND.set("it")
        return USER.get()

    answer = ask(host, function, [KINDS[kind] for kind in order])
    assert answer.body.decode() == "+".join(["nobody", *order])
    assert set(SEEN) == {"it"}
    assert len(SEEN) == len(order)


def keeps(invocation: Invocation, call_next: Any) -> Any:
    USER.set("kept")
    return call_next(invocation)


async def keeps_async(invocation: Invocation, call_next: Any) -> Any:
    USER.set("kept")
    return await call_next(invocation)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "layers", [[keeps], [keeps_async], [keeps, keeps_async, keeps, keeps_async]]
)
def test_streams_see_it_too(host: str, layers: list[Any]) -> None:
    def function(_: Any) -> Any:
        def parts() -> Any:
            yield USER.get()[:4]
            yield USER.get()[:4]

        return parts()

    assert ask(host, function, layers).body == b"keptkept"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("layers", [[sets, sets_async, sets], [sets_async, sets, sets_async]])
@pytest.mark.parametrize(
    "error", [ValueError, SystemExit, KeyboardInterrupt, StopIteration, GeneratorExit]
)
def test_whatever_is_raised_inside_leaves_the_next_calls_alone(
    host: str, layers: list[Any], error: type[BaseException]
) -> None:
    def function(request: Any) -> str:
        if request.headers.get("x-fail"):
            raise error
        return "fine"

    send = serve(host, function, layers=layers)
    for _ in range(2):
        assert send(headers={"x-fail": "1"}).is_crash
        assert send().body == b"fine"


@pytest.mark.parametrize("host", HOSTS)
def test_a_call_needs_batching_however_often_it_changes_sides(host: str) -> None:
    threads: set[int] = set()

    def notes(invocation: Invocation, call_next: Any) -> Any:
        threads.add(threading.get_ident())
        return call_next(invocation)

    def function(_: Any) -> str:
        return "x"

    ask(host, function, [notes, sets_async, notes, notes, sets_async, notes])
    assert len(threads) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_middleware_may_call_twice_at_once(host: str) -> None:
    async def twice(invocation: Invocation, call_next: Any) -> Any:
        results = await asyncio.gather(call_next(invocation), call_next(invocation))
        return "".join(results)

    assert ask(host, lambda _: "x", [sets, twice, sets]).body == b"xx"


@pytest.mark.parametrize("host", HOSTS)
def test_middleware_may_be_an_object(host: str) -> None:
    class Around:
        async def __call__(self, invocation: Invocation, call_next: Any) -> Any:
            return f"({await call_next(invocation)})"

    assert ask(host, lambda _: "x", [sets, Around()]).body == b"(x)"
