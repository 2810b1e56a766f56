from dataclasses import dataclass

import functions_framework


@dataclass
class Item:
    name: str
    count: int
    price: float


@functions_framework.typed
def count(items: list[Item]) -> int:
    return len(items)


@functions_framework.typed
async def count_async(items: list[Item]) -> int:
    return len(items)
