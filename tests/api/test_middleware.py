"""Middleware of either kind around functions of either kind, on every host."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import functions_framework
from functions_framework.api.middleware import Invocation, wrap
from functions_framework.api.registrations import take
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


def test_a_function_without_middleware_is_left_alone() -> None:
    function = Function(lambda _: "x", "hello", Signature.HTTP)
    assert wrap(function, []) is function


def test_the_decorator_registers_and_returns() -> None:
    take()

    @functions_framework.middleware
    def around(invocation: Invocation, call_next: Any) -> Any:
        return call_next(invocation)

    assert take().middleware == [around]
