"""Two functions in one Knative service, at /greet and /ordered."""

import flask
from cloudevents.http import CloudEvent

import functions_framework


@functions_framework.http
def greet(request: flask.Request) -> dict[str, str]:
    return {"message": f"Hello {request.args.get('name', 'world')}!"}


@functions_framework.cloud_event
async def ordered(event: CloudEvent) -> dict[str, object]:
    """Answer an order with an event of its own, for the broker to hand on."""
    return {"type": "com.example.order.taken", "source": "/shop", "data": event.data}
