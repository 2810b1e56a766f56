"""HTTP functions: a request in, a response out."""

import flask

import functions_framework


@functions_framework.http
def hello(request: flask.Request) -> str:
    return "Hello world!"


@functions_framework.http
def greet(request: flask.Request) -> tuple[dict[str, str], int, dict[str, str]]:
    """Read JSON from the body and a value from the query; answer with JSON, status and header."""
    name = request.get_json()["name"]
    word = request.args.get("word", "Hello")
    return {"message": f"{word}, {name}!"}, 201, {"X-Greeted": name}
