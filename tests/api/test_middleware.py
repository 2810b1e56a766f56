"""Middleware of either kind around functions of either kind, on every host."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import functools
from typing import Any

import pytest

import functions_framework
from functions_framework.api.middleware import Invocation, wrap
from functions_framework.api.registrations import take
from functions_framework.model.execution import execution
from functions_framework.model.function import Function, Signature
from support.in_memory import HOSTS, serve

SEEN: list[Any] = []


def _sync(name: str) -> Any:
    def around(invocation: Invocation, call_next: Any) -> Any:
        return f"{name}({call_next(invocation)})"

    return around


def _async(name: str) -> Any:
    async def around(invocation: Invocation, call_next: Any) -> Any:
        await asyncio.sleep(0)
        return f"{name}({await call_next(invocation)})"

    return around


LAYERS = {
    "none": ([], "x"),
    "sync": ([_sync("a")], "a(x)"),
    "async": ([_async("a")], "a(x)"),
    "sync, async, async, sync": (
        [_sync("a"), _async("b"), _async("c"), _sync("d")],
        "a(b(c(d(x))))",
    ),
    "async, sync, async": ([_async("a"), _sync("b"), _async("c")], "a(b(c(x)))"),
}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_run_in_order(name: str, host: str) -> None:
    layers, expected = LAYERS[name]
    answer = serve(host, lambda _: "x", layers=layers)()
    assert (answer.status, answer.body.decode()) == (200, expected)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("layer", [_sync("a"), _async("a")])
def test_an_exception_passes_through(layer: Any, host: str) -> None:
    def fail(_: Any) -> Any:
        raise ValueError("x")

    assert serve(host, fail, layers=[layer])().status == 500


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("is_async", [False, True])
def test_middleware_may_answer_itself_and_handle_errors(host: str, is_async: bool) -> None:
    async def guard_async(invocation: Invocation, call_next: Any) -> Any:
        try:
            return await call_next(invocation)
        except ValueError:
            return "caught", 418

    def guard(invocation: Invocation, call_next: Any) -> Any:
        try:
            return call_next(invocation)
        except ValueError:
            return "caught", 418

    def fail(_: Any) -> Any:
        raise ValueError("x")

    answer = serve(host, fail, layers=[guard_async if is_async else guard])()
    assert (answer.status, answer.body) == (418, b"caught")


@pytest.mark.parametrize("host", HOSTS)
def test_the_invocation_tells_what_is_called(host: str) -> None:
    seen: list[Invocation] = []

    def look(invocation: Invocation, call_next: Any) -> Any:
        seen.append(invocation)
        return call_next(invocation)

    serve(host, lambda _: "x", layers=[look])(headers={"Function-Execution-Id": "id1"})
    assert seen[0].function.name == "hello"
    assert seen[0].execution_id == "id1"
    assert seen[0].deadline is None
    assert seen[0].request is not None
    assert seen[0].event is None


def test_an_invocation_is_as_if_it_were_made_by_its_constructor() -> None:
    seen: list[Invocation] = []

    def look(invocation: Invocation, call_next: Any) -> Any:
        seen.append(invocation)
        return call_next(dataclasses.replace(invocation, arguments=("other",)))

    function = Function(lambda value: value, "hello", Signature.TYPED)
    assert wrap(function, [look]).call("given") == "other"
    (made,) = seen
    assert type(made) is Invocation
    assert made == Invocation(function, ("given",), execution.get())
    assert copy.copy(made) == made
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.arguments = ()  # type: ignore[misc]


class Awaited:
    """A callable that isn't a coroutine function, and gives what is awaited."""

    async def __call__(self, value: str) -> str:
        return value


async def plain(value: str) -> str:
    return value


@pytest.mark.parametrize("call", [plain, functools.partial(plain), Awaited(), Awaited().__call__])
def test_what_comes_next_can_be_run_as_a_task(call: Any) -> None:
    async def around(invocation: Invocation, call_next: Any) -> Any:
        return await asyncio.create_task(call_next(invocation))

    function = Function(call, "hello", Signature.TYPED, is_async=True, is_asgi=True)

    async def called() -> Any:
        return await wrap(function, [around]).call("given")

    assert asyncio.run(called()) == "given"


def test_the_parts_of_a_function_that_yields_are_awaited_as_one_result() -> None:
    async def parts(value: str) -> Any:
        yield value

    async def around(invocation: Invocation, call_next: Any) -> Any:
        return [part async for part in await call_next(invocation)]

    function = Function(parts, "hello", Signature.TYPED, is_async=True, is_asgi=True)

    async def called() -> Any:
        return await wrap(function, [around]).call("given")

    assert asyncio.run(called()) == ["given"]


def test_a_function_without_middleware_is_left_alone() -> None:
    function = Function(lambda _: "x", "hello", Signature.HTTP)
    assert wrap(function, []) is function


def test_the_decorator_registers_and_returns() -> None:
    take()

    @functions_framework.middleware
    def around(invocation: Invocation, call_next: Any) -> Any:
        return call_next(invocation)

    assert take().middleware == [around]
