"""Async functions: many calls wait at once in one event loop."""

import asyncio

from cloudevents.http import CloudEvent
from starlette.requests import Request

import functions_framework


async def fetch_price(item: str) -> int:
    """Stands for a call to another service."""
    await asyncio.sleep(0.05)
    return len(item)


@functions_framework.http
async def prices(request: Request) -> dict[str, int]:
    items = request.query_params.getlist("item")
    found = await asyncio.gather(*(fetch_price(item) for item in items))
    return dict(zip(items, found, strict=True))


@functions_framework.cloud_event
async def on_event(event: CloudEvent) -> None:
    await asyncio.sleep(0)
    print("received", event["id"])
