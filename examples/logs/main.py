"""Records with fields, which know the call they belong to."""

import logging

import flask

import functions_framework

log = logging.getLogger(__name__)


@functions_framework.http
def order(request: flask.Request) -> str:
    count = request.args.get("count", 1, type=int)
    log.info("order taken", extra={"count": count})
    if count > 100:
        log.warning("a large order", extra={"count": count})
    return "Thank you.\n"
