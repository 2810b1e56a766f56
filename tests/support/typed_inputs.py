"""Types that stand in the brackets of others, where both are resolved at run time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Order:
    id: int


@dataclass
class Row:
    name: str
    age: int
