"""Prices; change one and replay what was recorded."""

import flask

import functions_framework

PRICES = {"tea": 3, "coffee": 4}


@functions_framework.http
def price(request: flask.Request) -> tuple[dict[str, int | str], int]:
    item = request.args.get("item", "tea")
    if item not in PRICES:
        return {"error": f"no {item}"}, 404
    return {"item": item, "price": PRICES[item]}, 200
