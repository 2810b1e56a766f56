"""A CloudEvent function: one event in, nothing out."""

from cloudevents.http import CloudEvent

import functions_framework


@functions_framework.cloud_event
def on_event(event: CloudEvent) -> None:
    print(f"{event['type']} from {event['source']}: {event.data}")
