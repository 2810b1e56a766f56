"""A key that requests must bring, and the id of the call in every response that is a dict."""

from collections.abc import Awaitable, Callable
from typing import Any

import flask
from cloudevents.http import CloudEvent

import functions_framework
from functions_framework import Invocation


@functions_framework.middleware
def check_key(invocation: Invocation, call_next: Callable[[Invocation], Any]) -> Any:
    if invocation.request is not None and invocation.request.headers.get("x-key") != "open":
        return "The key is missing.", 403
    return call_next(invocation)


@functions_framework.middleware
async def name_call(
    invocation: Invocation, call_next: Callable[[Invocation], Awaitable[Any]]
) -> Any:
    result = await call_next(invocation)
    return {**result, "call": invocation.execution_id} if isinstance(result, dict) else result


@functions_framework.http
def hello(request: flask.Request) -> dict[str, str]:
    return {"hello": "world"}


@functions_framework.cloud_event
async def on_event(event: CloudEvent) -> None:
    print(event["id"])
