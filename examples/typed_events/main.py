"""A CloudEvent function that gets the event's data as a value of its own type."""

from dataclasses import dataclass

from cloudevents.http import CloudEvent

import functions_framework


@dataclass
class StorageObject:
    bucket: str
    name: str
    size: int = 0


@functions_framework.cloud_event
def on_upload(event: CloudEvent, data: StorageObject) -> None:
    print(event["id"], f"gs://{data.bucket}/{data.name}", data.size)
