"""A typed function: a value of your own class in, a value of your own class out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import functions_framework


@dataclass
class Order:
    item: str
    count: int

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Order:
        return cls(item=value["item"], count=int(value["count"]))


@dataclass
class Receipt:
    item: str
    total: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@functions_framework.typed
def buy(order: Order) -> Receipt:
    return Receipt(order.item, order.count * 5)
