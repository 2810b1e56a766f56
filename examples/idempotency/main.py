"""Two functions whose effect happens once, however often they are asked."""

from typing import Any

from cloudevents.http import CloudEvent
from flask import Request

import functions_framework


@functions_framework.idempotent
@functions_framework.cloud_event
def on_order(event: CloudEvent) -> dict[str, Any]:
    """An event that is sent again is answered as the first time; `source` and `id` are its key."""
    print("charging the card for order", event.data["order"], flush=True)
    return {"type": "com.example.order.charged", "data": {"order": event.data["order"]}}


@functions_framework.idempotent(expires=7 * 24 * 3600)
@functions_framework.http
def pay(request: Request) -> tuple[dict[str, Any], int]:
    """A client sends an `Idempotency-Key` and may ask again when the line broke."""
    print("paying", request.json["amount"], flush=True)
    return {"paid": request.json["amount"]}, 201
