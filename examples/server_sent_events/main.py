"""Events from an async source and from a plain one."""

import asyncio
from collections.abc import AsyncIterator

import flask
from starlette.requests import Request

import functions_framework
from functions_framework import ServerSentEvent, sse
from functions_framework.model.message import Reply


@functions_framework.http
async def ticks(request: Request) -> Reply:
    """A clock; the browser says with Last-Event-ID where it left off."""
    start = int(request.headers.get("Last-Event-ID", "-1")) + 1
    end = int(request.query_params.get("to", "1000000"))

    async def events() -> AsyncIterator[ServerSentEvent]:
        for number in range(start, end):
            yield ServerSentEvent({"number": number}, event="tick", id=str(number))
            await asyncio.sleep(0.01)

    return sse(events())


@functions_framework.http
def words(request: flask.Request) -> Reply:
    return sse(["one", "two\nlines"])
