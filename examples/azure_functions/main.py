"""Three functions for Azure: an HTTP request, a message of a queue, a timer."""

from typing import Any

import flask
from cloudevents.http import CloudEvent

import functions_framework

PRICES = {"tea": 2.5, "mug": 8.0}


@functions_framework.http
def hello(request: flask.Request) -> dict[str, str]:
    name = request.args.get("name", "world")
    return {"message": f"Hello {name}!"}


@functions_framework.cloud_event
def price(event: CloudEvent) -> dict[str, Any]:
    """Answer an order with an invoice, which goes to the queue of the output `$return`."""
    order: Any = event.data
    if order["item"] not in PRICES:
        raise functions_framework.Drop("there is no such item")
    print(f"Priced order {event['id']}")
    return {
        "type": "com.example.invoice",
        "source": "/shop/price",
        "id": f"invoice-{event['id']}",
        "data": {"item": order["item"], "total": PRICES[order["item"]] * order["count"]},
    }


@functions_framework.cloud_event
async def nightly(event: CloudEvent) -> None:
    timer: Any = event.data
    print("Cleaned up, late" if timer["IsPastDue"] else "Cleaned up")
