"""Serve plain Python functions over HTTP: HTTP functions, events, CloudEvents and typed functions.

Only names live here. Each is imported when it is first used, so that importing the package costs
next to nothing and changes nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging as logging  # noqa: PLC0414 - other libraries import it from here
    from collections.abc import Callable

    import flask as flask  # noqa: PLC0414
    import werkzeug as werkzeug  # noqa: PLC0414
    from cloudevents.http import CloudEvent as CloudEvent  # noqa: PLC0414
    from cloudevents.http import from_http as from_http  # noqa: PLC0414
    from cloudevents.http import is_binary as is_binary  # noqa: PLC0414
    from google.cloud.functions_v1.context import Context as Context  # noqa: PLC0414

    from .applications import LazyWSGIApp as LazyWSGIApp  # noqa: PLC0414
    from .applications import app as app  # noqa: PLC0414
    from .applications import create_app as create_app  # noqa: PLC0414
    from .applications import read_request as read_request  # noqa: PLC0414
    from .background_event import BackgroundEvent as BackgroundEvent  # noqa: PLC0414
    from .cors import CORS as CORS  # noqa: PLC0414
    from .decorators import cloud_event as cloud_event  # noqa: PLC0414
    from .decorators import event as event  # noqa: PLC0414
    from .decorators import http as http  # noqa: PLC0414
    from .decorators import typed as typed  # noqa: PLC0414
    from .execution import current as current  # noqa: PLC0414
    from .execution import remaining as remaining  # noqa: PLC0414
    from .flask_app import crash_handler as crash_handler  # noqa: PLC0414
    from .layers import middleware as middleware  # noqa: PLC0414
    from .layers import Invocation as Invocation  # noqa: PLC0414
    from .lifecycle import on_startup as on_startup  # noqa: PLC0414
    from .lifecycle import on_shutdown as on_shutdown  # noqa: PLC0414
    from .resources import resource as resource  # noqa: PLC0414
    from .logs import setup_logging as setup_logging  # noqa: PLC0414
    from .registrations import DummyErrorHandler as DummyErrorHandler  # noqa: PLC0414
    from .registrations import errorhandler as errorhandler  # noqa: PLC0414
    from .secret import Secret as Secret  # noqa: PLC0414

    CloudEventFunction = Callable[[CloudEvent], Any]
    HTTPFunction = Callable[[flask.Request], Any]

# Each public name and the module it is taken from; an empty attribute stands for the module.
_PUBLIC = {
    "BackgroundEvent": ".background_event",
    "CORS": ".cors",
    "CloudEvent": "cloudevents.http",
    "CloudEventFunction": ".annotations",
    "Context": "google.cloud.functions_v1.context",
    "DummyErrorHandler": ".registrations",
    "HTTPFunction": ".annotations",
    "LazyWSGIApp": ".applications",
    "Secret": ".secret",
    "app": ".applications",
    "cloud_event": ".decorators",
    "crash_handler": ".flask_app",
    "create_app": ".applications",
    "current": ".execution",
    "errorhandler": ".registrations",
    "event": ".decorators",
    "from_http": "cloudevents.http",
    "http": ".decorators",
    "is_binary": "cloudevents.http",
    "middleware": ".layers",
    "Invocation": ".layers",
    "on_startup": ".lifecycle",
    "on_shutdown": ".lifecycle",
    "resource": ".resources",
    "read_request": ".applications",
    "remaining": ".execution",
    "setup_logging": ".logs",
    "typed": ".decorators",
}
# Whole modules that other people's code takes from here (the Firebase SDK its `logging`).
_MODULES = frozenset({"flask", "logging", "werkzeug"})


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name], __name__), name)
    elif name in _MODULES:
        value = importlib.import_module(name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC, *_MODULES})
