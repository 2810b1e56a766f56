"""A background function: an event's data and its context in, nothing out."""

import base64
from typing import Any

import functions_framework
from google.cloud.functions.context import Context


@functions_framework.event
def on_message(data: dict[str, Any], context: Context) -> None:
    """Print a Pub/Sub message; `data["data"]` is its payload in base64, absent when it has none."""
    text = base64.b64decode(data.get("data", "")).decode()
    topic = context.resource["name"] if isinstance(context.resource, dict) else context.resource
    print(f"{context.event_id} on {topic}: {text!r} {data['attributes']}")
