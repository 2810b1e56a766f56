"""Streamed responses: each part is sent as soon as it is made."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import flask
from starlette.requests import Request

import functions_framework


@functions_framework.http
def count(request: flask.Request) -> Iterator[str]:
    """A generator: it runs in a thread while the client reads."""
    for number in range(int(request.args.get("to", "3"))):
        yield f"{number}\n"
        time.sleep(0.01)


@functions_framework.http
async def count_async(request: Request) -> AsyncIterator[str]:
    """An async generator: it runs in the event loop."""
    for number in range(int(request.query_params.get("to", "3"))):
        yield f"{number}\n"
        await asyncio.sleep(0.01)


@functions_framework.http
def export(request: flask.Request) -> flask.Response:
    """A Response around a generator, where the media type matters."""

    def rows() -> Iterator[str]:
        yield "id,square\n"
        for number in range(3):
            yield f"{number},{number * number}\n"

    return flask.Response(rows(), mimetype="text/csv")
