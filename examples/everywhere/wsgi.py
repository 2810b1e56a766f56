"""All plain functions behind a WSGI server of your own: `gunicorn wsgi:application`."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import NotFound

from functions_framework import create_app

APPS = {name: create_app(name, "main.py") for name in ("greet", "ordered", "quote")}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    name = environ["PATH_INFO"].strip("/")
    found: Iterable[bytes] = APPS.get(name, NotFound())(environ, start_response)
    return found
