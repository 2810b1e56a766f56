"""Errors: what a client sees, and how to change it."""

import flask

import functions_framework


@functions_framework.errorhandler(ZeroDivisionError)
def on_zero_division(error: ZeroDivisionError) -> tuple[str, int]:
    return "I'm a teapot", 418


@functions_framework.errorhandler(404)
def on_not_found(error: Exception) -> tuple[dict[str, str], int]:
    return {"error": "no such thing"}, 404


@functions_framework.http
def risky(request: flask.Request) -> str:
    match request.args.get("do"):
        case "divide":
            return str(1 // 0)
        case "missing":
            flask.abort(404)
        case "crash":
            raise RuntimeError("this text is logged and never sent")
    return "fine"
