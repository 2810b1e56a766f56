"""Records as one JSON object a line, for platforms that read logs."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.escaping import printable

from .context import ATTRIBUTES, RequestRecord, Seconds, origin_of
from .records import (
    LABELS,
    SOURCE,
    encode,
    object_in,
    project_of_platform,
    put_origin,
    safe_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.execution import Execution
    from functions_framework.model.trace import Trace

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_KNOWN = _PLAIN | ATTRIBUTES
_PLAIN_SIZE = len(vars(logging.makeLogRecord({})))
# Of a JSON object: what most messages begin with takes no closer look.
_BEGINNINGS = frozenset("{ \t\r\n")
_SEVERITIES = {
    logging.DEBUG: "DEBUG",
    logging.INFO: "INFO",
    logging.WARNING: "WARNING",
    logging.ERROR: "ERROR",
    logging.CRITICAL: "CRITICAL",
}


def severity_of(level: int) -> str:
    """The severity (Cloud Logging, LogSeverity) of a level, custom levels included."""
    if level > logging.CRITICAL:
        return "ALERT"
    if logging.INFO < level < logging.WARNING:
        return "NOTICE"
    return _SEVERITIES.get(level // 10 * 10, "DEFAULT")


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON.

    Fields: `severity`, `message` (with the traceback, which is where Error Reporting looks for it),
    `time` (RFC 3339, UTC), `logger`, the call and its trace (`logging.googleapis.com/...`), the
    source location, and whatever the record was given as `extra`: `json_fields` and `labels` are
    merged into the record and its labels, other names stand beside the fields, and win over them.
    A message that is a JSON object is the record itself: its fields win over all of these, its
    labels are kept beside the call's.
    """

    def __init__(  # noqa: PLR0913 - the arguments logging's configuration passes
        self,
        fmt: str | None = None,
        datefmt: str | None = None,
        style: Any = "%",
        validate: bool = True,  # noqa: FBT001, FBT002 - positional in logging
        *,
        defaults: dict[str, Any] | None = None,
        project: str | None = None,
    ) -> None:
        """Make a formatter; it needs no arguments.

        Args:
            fmt: format of the `message` field, the message alone when omitted.
            datefmt: format of `%(asctime)s` inside `fmt`.
            style: style of `fmt`.
            validate: whether `fmt` is checked.
            defaults: values for names in `fmt` that a record lacks.
            project: Google Cloud project of the traces, found in the environment when omitted.
        """
        super().__init__(fmt, datefmt, style, validate, defaults=defaults)
        self._has_format = fmt is not None
        self._project = project or project_of_platform()
        self._seconds = Seconds(_utc)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record; never raises."""
        message = self._message(record)
        given = object_in(message) if message[:1] in _BEGINNINGS else None
        told = self._told(record)
        fields = self.beginning(record, f"{message}\n{told}" if told else message)
        if len(record.__dict__) > _PLAIN_SIZE:
            _put_extra(fields, record)
        if given is not None:
            _put_given(fields, given, told)
        self.put_call(fields, *origin_of(record))
        return encode(fields)

    def format_request(
        self,
        name: str,
        text: str,
        running: Execution | None,
        fields_of: Callable[..., dict[str, Any]],
        told: tuple[Any, ...],
    ) -> str:
        """What `format` makes of a record at INFO about a request.

        Args:
            name: the logger's.
            text: its message.
            running: the call, None where no function was called.
            fields_of: gives the record's own fields.
            told: what it is given.
        """
        fields = self.beginning(RequestRecord(name), text)
        fields.update(fields_of(*told))
        if running:
            self.put_call(fields, printable(running.execution_id), running.trace)
        return encode(fields)

    def beginning(self, record: logging.LogRecord | RequestRecord, message: str) -> dict[str, Any]:
        """The fields that every record has, by the names of the platform.

        Args:
            record: what is logged.
            message: its text, with the traceback.
        """
        fields: dict[str, Any] = {
            "severity": _SEVERITIES.get(record.levelno) or severity_of(record.levelno),
            "message": message,
            "time": self.time_of(record.created),
            "logger": record.name,
        }
        if record.lineno:
            fields[SOURCE] = {
                "file": record.pathname,
                "line": str(record.lineno),
                "function": record.funcName or "",
            }
        return fields

    def put_call(self, fields: dict[str, Any], execution_id: str, trace: Trace) -> None:
        """Add the call a record comes from.

        Args:
            fields: the record's, changed in place.
            execution_id: the call's id, empty outside a call.
            trace: where the call stands in its caller's trace.
        """
        put_origin(fields, execution_id, trace, self._project)

    def _message(self, record: logging.LogRecord) -> str:
        try:
            text = record.getMessage()
            if self._has_format:
                record.message = text
                if self.usesTime():
                    record.asctime = self.formatTime(record, self.datefmt)
                text = self.formatMessage(record)
        except Exception:  # noqa: BLE001 - arguments that do not fit: show what there is
            text = f"{record.msg} {safe_text(record.args)}"
        return text

    def _told(self, record: logging.LogRecord) -> str:
        """The traceback and the stack, empty without."""
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        stack = self.formatStack(record.stack_info) if record.stack_info else ""
        if record.exc_text and stack:
            return f"{record.exc_text}\n{stack}"
        return record.exc_text or stack

    def time_of(self, created: float) -> str:
        """A time in RFC 3339, UTC."""
        return "%s%06dZ" % (self._seconds.text_of(created), created % 1 * 1e6)  # noqa: UP031 - half the time


def _utc(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))


def _put_extra(fields: dict[str, Any], record: logging.LogRecord) -> None:
    for name, value in record.__dict__.items():
        if name in _KNOWN:
            continue
        if name == "json_fields" and isinstance(value, dict):
            fields.update(value)
        elif name == "labels" and isinstance(value, dict):
            fields[LABELS] = {str(label): str(text) for label, text in value.items()}
        else:
            fields[name] = value


def _put_given(fields: dict[str, Any], given: dict[str, Any], told: str) -> None:
    """Let a message that is a record itself win; a traceback has its place in any case."""
    fields.pop("message", None)
    extra, labels = fields.get(LABELS), given.get(LABELS)
    fields.update(given)
    if isinstance(extra, dict) and isinstance(labels, dict):
        fields[LABELS] = {**extra, **labels}
    if told:
        message = fields.get("message")
        fields["message"] = told if message is None else f"{message}\n{told}"
