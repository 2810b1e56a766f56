"""Three functions and an async one: this file runs unchanged wherever the others here deploy it."""

import asyncio
from dataclasses import dataclass
from typing import Any

import flask
from cloudevents.http import CloudEvent
from starlette.requests import Request

import functions_framework

PRICES = {"tea": 2.5, "mug": 8.0}


@dataclass
class Order:
    item: str
    count: int = 1


@dataclass
class Price:
    item: str
    total: float


@functions_framework.http
def greet(request: flask.Request) -> dict[str, str]:
    return {"message": f"Hello {request.args.get('name', 'world')}!"}


@functions_framework.http
async def greet_later(request: Request) -> dict[str, str]:
    await asyncio.sleep(0.01)
    return {"message": f"Hello {request.query_params.get('name', 'world')}!"}


@functions_framework.cloud_event
def ordered(event: CloudEvent) -> dict[str, Any]:
    order: Any = event.data
    print(f"Order {event['id']}: {order['item']}")
    taken = {"order": event["id"], "total": PRICES[order["item"]] * order["count"]}
    return {"type": "com.example.order.taken", "source": "/shop", "data": taken}


@functions_framework.typed
def quote(order: Order) -> Price:
    return Price(order.item, PRICES[order.item] * order.count)
