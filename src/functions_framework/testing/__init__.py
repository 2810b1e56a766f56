"""The testing kit: a client that runs the real pipeline in memory, and builders of events.

Only names live here, each imported when it is first used: pytest loads this package in every run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions_framework.calls.result import Result as Result

    from .aws_builders import dynamodb_event as dynamodb_event
    from .aws_builders import kinesis_event as kinesis_event
    from .aws_builders import s3_event as s3_event
    from .aws_builders import sns_event as sns_event
    from .aws_builders import sqs_event as sqs_event
    from .builders import audit_log_event as audit_log_event
    from .builders import auth_event as auth_event
    from .builders import background_event as background_event
    from .builders import cloud_event as cloud_event
    from .builders import database_event as database_event
    from .builders import event_grid_event as event_grid_event
    from .builders import firestore_event as firestore_event
    from .builders import github_event as github_event
    from .builders import kafka_event as kafka_event
    from .builders import pubsub_message as pubsub_message
    from .builders import pubsub_push as pubsub_push
    from .builders import sample_event as sample_event
    from .builders import scheduler_event as scheduler_event
    from .builders import storage_event as storage_event
    from .client import AsyncClient as AsyncClient
    from .client import Client as Client
    from .server import RunningServer as RunningServer
    from .sockets import WebSocketRefused as WebSocketRefused

_PUBLIC = {
    "AsyncClient": "client",
    "Client": "client",
    "Result": ".calls.result",
    "RunningServer": "server",
    "WebSocketRefused": "sockets",
    "audit_log_event": "builders",
    "auth_event": "builders",
    "background_event": "builders",
    "cloud_event": "builders",
    "database_event": "builders",
    "event_grid_event": "builders",
    "github_event": "builders",
    "kafka_event": "builders",
    "scheduler_event": "builders",
    "firestore_event": "builders",
    "pubsub_message": "builders",
    "pubsub_push": "builders",
    "sample_event": "builders",
    "storage_event": "builders",
    "sqs_event": "aws_builders",
    "sns_event": "aws_builders",
    "s3_event": "aws_builders",
    "kinesis_event": "aws_builders",
    "dynamodb_event": "aws_builders",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    package = importlib.import_module(__name__.rpartition(".")[0])
    package._put_back()  # noqa: SLF001 - what patches of the tests took out
    value = getattr(importlib.import_module(f".{_PUBLIC[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
