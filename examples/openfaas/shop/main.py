"""Two functions behind one watchdog, at /greet and /ordered."""

import flask
from cloudevents.http import CloudEvent

import functions_framework


@functions_framework.http
def greet(request: flask.Request) -> dict[str, str]:
    return {"message": f"Hello {request.args.get('name', 'world')}!"}


@functions_framework.cloud_event
async def ordered(event: CloudEvent) -> None:
    print(f"Order {event['id']}: {event.data}")
