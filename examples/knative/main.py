"""Orders become invoices: a chain of two functions, and one for what neither could handle."""

import logging
from typing import Any

from cloudevents.http import CloudEvent

import functions_framework
from functions_framework import Drop

log = logging.getLogger(__name__)

PRICES = {"tea": 2.5, "coffee": 3.0}


@functions_framework.cloud_event
def price(order: CloudEvent) -> dict[str, Any]:
    """Answer an order with its invoice, which the broker hands on; drop any other event."""
    wanted = order.data if isinstance(order.data, dict) else {}
    item = wanted.get("item")
    if item not in PRICES:
        raise Drop("there is no such item")
    return {
        "type": "com.example.invoice.created",
        "id": f"invoice-{order['id']}",
        "source": "/orders/price",
        "data": {"item": item, "total": PRICES[item] * wanted.get("count", 1)},
    }


@functions_framework.cloud_event
async def bill(invoice: CloudEvent) -> None:
    """Get each invoice once it is there."""
    log.info("billed %s: %s", invoice["id"], invoice.data["total"])


@functions_framework.cloud_event
def dead_letter(event: CloudEvent) -> None:
    """Get what was given up, with what failed: `knativeerrorcode`, `-data` and `-dest`."""
    log.info("given up %s: %s", event["id"], event.get("knativeerrorcode"))
