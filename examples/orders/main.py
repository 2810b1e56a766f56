"""Orders are charged once, however often their broker delivers them."""

import logging
from dataclasses import dataclass

from cloudevents.http import CloudEvent

import functions_framework
from functions_framework import Drop, PubSubMessage

log = logging.getLogger(__name__)


@dataclass
class Order:
    """What is ordered."""

    number: int
    euros: float


@functions_framework.idempotent
@functions_framework.cloud_event(type="com.example.order.created")
def on_order(event: CloudEvent, order: Order) -> None:
    """Take an order of Knative's broker, which knows it by `source` and `id`."""
    charge(order)


@functions_framework.idempotent
@functions_framework.cloud_event(type="google.cloud.pubsub.topic.v1.messagePublished")
def on_message(message: PubSubMessage[Order]) -> None:
    """Take an order that Pub/Sub pushes."""
    charge(message.json)


def charge(order: Order) -> None:
    """Charge the card, or give the event up for good: then it is a dead letter."""
    if order.euros <= 0:
        raise Drop("there is nothing to pay")
    log.info("charged %s euros for order %s", order.euros, order.number)
