"""Records as Lambda's JSON logs name their fields (Lambda developer guide, "Log formats")."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from functions_framework.logs.configuration import configure, is_json
from functions_framework.logs.json_formatter import JsonFormatter
from functions_framework.runtime.values import replace
from functions_framework.settings import options

from .traces import root_of_trace

if TYPE_CHECKING:
    from functions_framework.logs.context import RequestRecord
    from functions_framework.model.trace import Trace
    from functions_framework.settings import Settings

_CLIENT = "awslambdaric"
# What Lambda calls levels, beside those of Python (advanced logging controls).
_LEVELS = {"trace": "debug", "warn": "warning", "fatal": "critical"}
_LEVEL_VARIABLE = "AWS_LAMBDA_LOG_LEVEL"


class LambdaJsonFormatter(JsonFormatter):
    """Formats a record as one line of JSON.

    Fields: `timestamp`, `level`, `message`, `logger`, `location`, `requestId` and, where the invoke
    is traced, `traceId` (W3C) and `xray_trace_id`; further ones as `JsonFormatter` takes them.
    """

    def beginning(self, record: logging.LogRecord | RequestRecord, message: str) -> dict[str, Any]:
        """See `JsonFormatter`."""
        fields: dict[str, Any] = {
            "timestamp": self.time_of(record.created),
            "level": record.levelname,
            "message": message,
            "logger": record.name,
        }
        if record.lineno:
            fields["location"] = (
                f"{record.pathname}:{record.lineno} {record.funcName or ''}".strip()
            )
        return fields

    def put_call(self, fields: dict[str, Any], execution_id: str, trace: Trace) -> None:
        """See `JsonFormatter`."""
        if execution_id:
            fields["requestId"] = execution_id
        if trace.trace_id:
            fields["traceId"] = trace.trace_id
            fields["xray_trace_id"] = root_of_trace(trace.trace_id)


def set_up(settings: Settings) -> None:
    """Show records as the settings say, in JSON where they say nothing.

    Lambda's client gives the root logger a handler of its own, which would count as the user's: it
    goes where records are JSON, and stays for text.
    """
    if is_json(settings, os.environ):
        root = logging.getLogger()
        for handler in list(root.handlers):
            if type(handler).__module__.partition(".")[0] == _CLIENT:
                root.removeHandler(handler)
    configure(_with_level(settings), LambdaJsonFormatter)


def _with_level(settings: Settings) -> Settings:
    """The settings with Lambda's own level of logs, where only that is set."""
    found = os.environ.get(_LEVEL_VARIABLE, "").lower()
    if not found or os.environ.get(options()["log_level"].variable):
        return settings
    return replace(settings, log_level=_LEVELS.get(found, found))
