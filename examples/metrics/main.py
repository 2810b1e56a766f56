"""A counter of the function's own beside the metrics that each function has."""

import flask
from prometheus_client import Counter

import functions_framework

ORDERS = Counter("orders", "Orders taken.", ["item"])


@functions_framework.http
def order(request: flask.Request) -> str:
    item = request.args.get("item", "tea")
    ORDERS.labels(item).inc()
    return f"One {item}, please.\n"
