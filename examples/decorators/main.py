"""What the decorators do, and how they live with your own."""

import functools
from collections.abc import Callable
from typing import Any

import flask
from cloudevents.http import CloudEvent

import functions_framework


@functions_framework.http
def plain(request: flask.Request) -> str:
    return "plain"


# A decorator marks the function and returns it: it stays callable, importable and testable.
alias = plain


@functions_framework.cloud_event
def on_event(event: CloudEvent) -> None:
    print(event["id"])


def shout(function: Callable[[flask.Request], str]) -> Callable[[flask.Request], str]:
    """A decorator of your own; `functools.wraps` lets the mark show through."""

    @functools.wraps(function)
    def wrapper(request: flask.Request) -> str:
        return function(request).upper()

    return wrapper


@functions_framework.http
@shout
def below(request: flask.Request) -> str:
    return "shout below"


@shout
@functions_framework.http
def above(request: flask.Request) -> str:
    return "shout above"


class Greeter:
    """An object with `__call__` is a function too; so are a bound method and a partial."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, request: flask.Request) -> dict[str, Any]:
        return {"word": self.word}


greeter = Greeter("Hello")
