"""Three functions of three signatures, served on one port."""

from dataclasses import dataclass

from cloudevents.http import CloudEvent
from starlette.requests import Request

import functions_framework

PRICES = {"tea": 2.5, "coffee": 3.0}


@dataclass
class Order:
    item: str
    count: int = 1


@dataclass
class Price:
    total: float


@functions_framework.http
async def hello(request: Request) -> dict[str, str]:
    """At /hello, in the event loop."""
    return {"hello": request.query_params.get("name", "world")}


@functions_framework.typed(path="/v1/price")
def price(order: Order) -> Price:
    """At /v1/price, in a thread."""
    return Price(PRICES[order.item] * order.count)


@functions_framework.cloud_event
def on_order(event: CloudEvent) -> None:
    """At /on_order."""
    print("order", event["id"])
