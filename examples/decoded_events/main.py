"""Functions that share an endpoint, each with the events it asked for, decoded."""

from dataclasses import dataclass

from cloudevents.http import CloudEvent

import functions_framework
from functions_framework import FirestoreChange, PubSubMessage, StorageObject


@dataclass
class Order:
    id: int
    chairs: int = 1


@functions_framework.cloud_event(type="google.cloud.pubsub.topic.v1.messagePublished")
async def on_order(message: PubSubMessage[Order]) -> None:
    order = message.json
    print(f"order {order.id} of {order.chairs}, attempt {message.delivery_attempt}")


@functions_framework.cloud_event(type="google.cloud.storage.object.v1.*")
def on_object(file: StorageObject) -> None:
    print(file.event.type.rpartition(".")[2], file.uri, file.size)


@functions_framework.cloud_event(type="google.cloud.firestore.document.v1.updated")
def on_user(change: FirestoreChange) -> None:
    print(change.path, {name: change.after[name] for name in change.changed if change.after})


@functions_framework.on_dropped
def keep(event: CloudEvent, reason: str) -> None:
    print(f"{reason}: {event['id']}")
