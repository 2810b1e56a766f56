"""An HTTP function, a CloudEvent function and a typed one, to be tested."""

from dataclasses import dataclass

import flask
from cloudevents.http import CloudEvent

import functions_framework


@dataclass
class Order:
    item: str
    count: int = 1


@functions_framework.http
def hello(request: flask.Request) -> dict[str, str]:
    return {"hello": request.args.get("name", "world")}


@functions_framework.cloud_event
def on_upload(event: CloudEvent) -> None:
    print(f"{event.data['bucket']} got {event.data['name']}")


@functions_framework.typed
def price(order: Order) -> dict[str, int]:
    return {"total": 3 * order.count}
