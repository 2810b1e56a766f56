"""Typed functions that describe themselves."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import functions_framework


class Item(Enum):
    TEA = "tea"
    COFFEE = "coffee"


PRICES = {Item.TEA: Decimal("2.50"), Item.COFFEE: Decimal("3.00")}


@dataclass
class Order:
    item: Item
    count: int = 1


@dataclass
class Quote:
    total: Decimal


@functions_framework.typed
def quote(order: Order) -> Quote:
    """The price of an order."""
    return Quote(PRICES[order.item] * order.count)


@functions_framework.typed
async def known(items: list[Item]) -> list[str]:
    """The names of items."""
    return [item.name for item in items]
