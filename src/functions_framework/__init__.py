"""Serve plain Python functions over HTTP: HTTP functions, events, CloudEvents and typed functions.

Only names live here. Each is imported when it is first used, so that importing the package costs
next to nothing and changes nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging as logging  # other libraries import it from here
    from collections.abc import Callable
    from typing import Any

    import flask as flask
    import werkzeug as werkzeug
    from cloudevents.http import CloudEvent as CloudEvent
    from cloudevents.http import from_http as from_http
    from cloudevents.http import is_binary as is_binary

    from functions_framework.hosts.flask_app import crash_handler as crash_handler
    from google.cloud.functions_v1.context import Context as Context

    from .applications import LazyWSGIApp as LazyWSGIApp
    from .applications import app as app
    from .applications import create_app as create_app
    from .applications import read_request as read_request
    from .background_event import BackgroundEvent as BackgroundEvent
    from .cors import CORS as CORS
    from .decorators import cloud_event as cloud_event
    from .decorators import event as event
    from .decorators import http as http
    from .decorators import outlives_client as outlives_client
    from .decorators import typed as typed
    from .execution import current as current
    from .execution import remaining as remaining
    from .layers import Invocation as Invocation
    from .layers import middleware as middleware
    from .lifecycle import on_shutdown as on_shutdown
    from .lifecycle import on_startup as on_startup
    from .lifecycle import readiness as readiness
    from .logs import setup_logging as setup_logging
    from .program import serve as serve
    from .registrations import DummyErrorHandler as DummyErrorHandler
    from .registrations import errorhandler as errorhandler
    from .resources import resource as resource
    from .secret import Secret as Secret
    from .server_sent_events import ServerSentEvent as ServerSentEvent
    from .server_sent_events import sse as sse

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
    "ServerSentEvent": ".server_sent_events",
    "app": ".applications",
    "cloud_event": ".decorators",
    "crash_handler": ".hosts.flask_app",
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
    "readiness": ".lifecycle",
    "outlives_client": ".decorators",
    "resource": ".resources",
    "read_request": ".applications",
    "remaining": ".execution",
    "serve": ".program",
    "setup_logging": ".logs",
    "sse": ".server_sent_events",
    "typed": ".decorators",
}
# Whole modules that other people's code takes from here (the Firebase SDK its `logging`).
_MODULES = frozenset({"flask", "logging", "werkzeug"})


def __getattr__(name: str) -> Any:
    import importlib

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
