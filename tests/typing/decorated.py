"""What a type checker sees of decorated functions; checked by mypy, never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import assert_type

import functions_framework
from functions_framework import CORS, Invocation, ServerSentEvent, aio, sse
from google.cloud.functions.context import Context
from google.cloud.functions_v1.context import Context as ContextOfV1
from google.cloud.functions_v1beta2.context import Context as ContextOfV1Beta2

if TYPE_CHECKING:
    import flask
    from cloudevents.http import CloudEvent
    from starlette.requests import Request


@dataclass
class Order:
    item: str


class Pool:
    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None: ...


@functions_framework.http
def plain(request: flask.Request) -> str:
    return request.path


@functions_framework.http(path="/x", cors=CORS(origins=["https://a.example"]))
async def waiting(request: Request) -> dict[str, int]:
    return {request.url.path: 1}


@functions_framework.cloud_event
def on_event(event: CloudEvent) -> None: ...


@functions_framework.cloud_event(path="/order")
async def on_order(event: CloudEvent, order: Order) -> None: ...


@functions_framework.event
def on_background(data: dict[str, Any], context: Context) -> None:
    assert_type(context, ContextOfV1)
    assert_type(ContextOfV1Beta2("1").event_id, str | None)


@functions_framework.event(path="/b")
def on_background_at(data: dict[str, Any], context: Context) -> int:
    return 1


@functions_framework.typed
def bare(order: Order) -> Order:
    return order


@functions_framework.typed(Order)
def named(order: Order) -> str:
    return order.item


@functions_framework.typed(path="/t")
async def at(order: Order) -> list[Order]:
    return [order]


@aio.http
async def aio_http(request: Request) -> str:
    return "x"


@aio.http(path="/y", cors=True)
def aio_http_at(request: Request) -> bytes:
    return b"x"


@aio.cloud_event
async def aio_event(event: CloudEvent) -> None: ...


@aio.cloud_event(path="/e")
async def aio_event_at(event: CloudEvent) -> None: ...


@functions_framework.errorhandler(ValueError)
def on_error(error: ValueError) -> tuple[str, int]:
    return str(error), 400


@functions_framework.on_startup
async def start() -> None: ...


@functions_framework.on_shutdown
def stop() -> None: ...


@functions_framework.middleware
def around(invocation: Invocation, call_next: Callable[[Invocation], Any]) -> Any:
    return call_next(invocation)


@functions_framework.resource
def pool() -> Pool:
    return Pool()


@functions_framework.resource
def yielded() -> Iterator[Pool]:
    yield Pool()


@functions_framework.resource
async def awaited() -> Pool:
    return Pool()


@functions_framework.resource
async def awaited_yield() -> AsyncIterator[Pool]:
    yield Pool()


async def check(request: flask.Request, scope: Request, event: CloudEvent) -> None:
    assert_type(plain(request), str)
    assert_type(await waiting(scope), dict[str, int])
    assert_type(await on_order(event, Order("x")), None)
    assert_type(on_background_at({}, Context("1", "t", "e", "r")), int)
    assert_type(bare(Order("x")), Order)
    assert_type(named(Order("x")), str)
    assert_type(await at(Order("x")), list[Order])
    assert_type(await aio_http(scope), str)
    assert_type(aio_http_at(scope), bytes)
    assert_type(await aio_event(event), None)
    assert_type(on_error(ValueError()), tuple[str, int])
    assert_type(await start(), None)
    assert_type(pool(), Pool)
    assert_type(yielded(), Pool)
    assert_type(awaited(), Awaitable[Pool])
    assert_type(await awaited_yield(), Pool)
    with pool.override(Pool()):
        await asyncio.sleep(0)


def stream() -> Any:
    return sse(iter(["a", ServerSentEvent("b", event="c", id="1", retry=5)]), heartbeat=None)


def mistakes(request: flask.Request) -> None:
    plain(7)  # type: ignore[arg-type]
    bare("x")  # type: ignore[arg-type]
    pool.override("x")  # type: ignore[arg-type]
    functions_framework.http(path=7)  # type: ignore[call-overload]
    functions_framework.serve("x")  # type: ignore[arg-type]
