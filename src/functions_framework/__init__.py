"""Serve plain Python functions over HTTP: HTTP functions, events, CloudEvents and typed functions.

Only names live here. Each is imported when it is first used, so that importing the package costs
next to nothing and changes nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging as logging  # other libraries import it from here
    from typing import Any

    import flask as flask
    import werkzeug as werkzeug
    from cloudevents.http import CloudEvent as CloudEvent
    from cloudevents.http import from_http as from_http
    from cloudevents.http import is_binary as is_binary

    from google.cloud.functions_v1.context import Context as Context

    from . import background_event as background_event
    from . import event_conversion as event_conversion
    from . import exceptions as exceptions
    from . import execution_id as execution_id
    from .api.annotations import CloudEventFunction as CloudEventFunction
    from .api.annotations import HTTPFunction as HTTPFunction
    from .api.cors import CORS as CORS
    from .api.decorators import cloud_event as cloud_event
    from .api.decorators import event as event
    from .api.decorators import http as http
    from .api.decorators import typed as typed
    from .api.decorators import websocket as websocket
    from .api.idempotency import idempotent as idempotent
    from .api.lifecycle import on_dropped as on_dropped
    from .api.lifecycle import on_restore as on_restore
    from .api.lifecycle import on_shutdown as on_shutdown
    from .api.lifecycle import on_snapshot as on_snapshot
    from .api.lifecycle import on_startup as on_startup
    from .api.lifecycle import readiness as readiness
    from .api.middleware import Invocation as Invocation
    from .api.middleware import middleware as middleware
    from .api.registrations import DummyErrorHandler as DummyErrorHandler
    from .api.registrations import errorhandler as errorhandler
    from .api.resources import resource as resource
    from .api.sse import ServerSentEvent as ServerSentEvent
    from .api.sse import sse as sse
    from .background_event import BackgroundEvent as BackgroundEvent
    from .exceptions import Drop as Drop
    from .exceptions import Retry as Retry
    from .hosts.create import LazyWSGIApp as LazyWSGIApp
    from .hosts.create import app as app
    from .hosts.create import create_app as create_app
    from .hosts.create import read_request as read_request
    from .hosts.with_flask.app import crash_handler as crash_handler
    from .logs import setup_logging as setup_logging
    from .model.execution import current as current
    from .model.execution import remaining as remaining
    from .server.program import serve as serve
    from .signatures.event_types.audit_log import AuditLog as AuditLog
    from .signatures.event_types.dynamodb import DynamoDBChange as DynamoDBChange
    from .signatures.event_types.event_grid import EventGridEvent as EventGridEvent
    from .signatures.event_types.event_value import EventContext as EventContext
    from .signatures.event_types.firebase import AuthUser as AuthUser
    from .signatures.event_types.firebase import DatabaseChange as DatabaseChange
    from .signatures.event_types.firestore import FirestoreChange as FirestoreChange
    from .signatures.event_types.firestore import GeoPoint as GeoPoint
    from .signatures.event_types.github import GitHubWebhook as GitHubWebhook
    from .signatures.event_types.kafka import KafkaRecord as KafkaRecord
    from .signatures.event_types.kinesis import KinesisRecord as KinesisRecord
    from .signatures.event_types.pubsub import PubSubMessage as PubSubMessage
    from .signatures.event_types.refusals import InvalidEventData as InvalidEventData
    from .signatures.event_types.s3 import S3Object as S3Object
    from .signatures.event_types.scheduler import SchedulerJob as SchedulerJob
    from .signatures.event_types.sns import SnsMessage as SnsMessage
    from .signatures.event_types.sqs import SqsMessage as SqsMessage
    from .signatures.event_types.storage import StorageObject as StorageObject
    from .signatures.types.secret import Secret as Secret
    from .stores.interface import IdempotencyEntry as IdempotencyEntry
    from .stores.interface import IdempotencyStore as IdempotencyStore

# Each public name and the module it is taken from; an empty attribute stands for the module.
_PUBLIC = {
    "BackgroundEvent": ".background_event",
    "AuditLog": ".signatures.event_types.audit_log",
    "AuthUser": ".signatures.event_types.firebase",
    "DatabaseChange": ".signatures.event_types.firebase",
    "DynamoDBChange": ".signatures.event_types.dynamodb",
    "EventContext": ".signatures.event_types.event_value",
    "EventGridEvent": ".signatures.event_types.event_grid",
    "FirestoreChange": ".signatures.event_types.firestore",
    "GeoPoint": ".signatures.event_types.firestore",
    "GitHubWebhook": ".signatures.event_types.github",
    "InvalidEventData": ".signatures.event_types.refusals",
    "KafkaRecord": ".signatures.event_types.kafka",
    "KinesisRecord": ".signatures.event_types.kinesis",
    "PubSubMessage": ".signatures.event_types.pubsub",
    "S3Object": ".signatures.event_types.s3",
    "SchedulerJob": ".signatures.event_types.scheduler",
    "SnsMessage": ".signatures.event_types.sns",
    "SqsMessage": ".signatures.event_types.sqs",
    "StorageObject": ".signatures.event_types.storage",
    "CORS": ".api.cors",
    "CloudEvent": "cloudevents.http",
    "CloudEventFunction": ".api.annotations",
    "Context": "google.cloud.functions_v1.context",
    "EventConversionException": ".exceptions",
    "FunctionsFrameworkException": ".exceptions",
    "MissingSourceException": ".exceptions",
    "DummyErrorHandler": ".api.registrations",
    "HTTPFunction": ".api.annotations",
    "IdempotencyEntry": ".stores.interface",
    "IdempotencyStore": ".stores.interface",
    "LazyWSGIApp": ".hosts.create",
    "Secret": ".signatures.types.secret",
    "ServerSentEvent": ".api.sse",
    "app": ".hosts.create",
    "cloud_event": ".api.decorators",
    "crash_handler": ".hosts.with_flask.app",
    "create_app": ".hosts.create",
    "current": ".model.execution",
    "errorhandler": ".api.registrations",
    "event": ".api.decorators",
    "from_http": "cloudevents.http",
    "http": ".api.decorators",
    "is_binary": "cloudevents.http",
    "middleware": ".api.middleware",
    "Invocation": ".api.middleware",
    "Drop": ".exceptions",
    "Retry": ".exceptions",
    "idempotent": ".api.idempotency",
    "on_dropped": ".api.lifecycle",
    "on_startup": ".api.lifecycle",
    "on_restore": ".api.lifecycle",
    "on_shutdown": ".api.lifecycle",
    "on_snapshot": ".api.lifecycle",
    "readiness": ".api.lifecycle",
    "resource": ".api.resources",
    "read_request": ".hosts.create",
    "remaining": ".model.execution",
    "serve": ".server.program",
    "setup_logging": ".logs",
    "sse": ".api.sse",
    "typed": ".api.decorators",
    "websocket": ".api.decorators",
}
# Whole modules that other people's code takes from here (the Firebase SDK its `logging`).
_MODULES = frozenset({"flask", "logging", "werkzeug"})
# Modules of the package that 3.10 had loaded with it.
_SUBMODULES = frozenset({"background_event", "event_conversion", "exceptions", "execution_id"})


def _put_back() -> None:
    """Put modules of this package back that somebody took out of `sys.modules`.

    `patch.dict(sys.modules, ...)`, by which tests give the module under test another library, takes
    out what was imported meanwhile. Imported once more, they would not know the decorated functions
    and exceptions of the first time.
    """
    import sys

    first = ("api", "exceptions", "model")
    if all(f"{__name__}.{name}" in sys.modules for name in first if name in globals()):
        return
    waiting = [item for item in (sys.modules.get(__name__),) if item and vars(item) is globals()]
    while waiting:
        parent = waiting.pop()
        for name, module in list(vars(parent).items()):
            if type(module) is type(parent) and module.__name__ == f"{parent.__name__}.{name}":
                waiting.append(sys.modules.setdefault(module.__name__, module))


def __getattr__(name: str) -> Any:
    import importlib

    _put_back()
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name], __name__), name)
    elif name in _MODULES:
        value = importlib.import_module(name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f".{name}", __name__)
    else:
        near = [known for known in _PUBLIC if known.replace("_", "") == name.replace("_", "")]
        hint = f". Did you mean: {near[0]!r}?" if near else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC, *_MODULES, *_SUBMODULES})
