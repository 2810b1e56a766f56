"""How the command sets logging up, in the process that serves, before the user's module loads."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from . import handler, threads
from .text_formatter import TextFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_framework.settings import Settings

    from .json_formatter import JsonFormatter

# Set by Cloud Run, Cloud Functions and Knative; by Cloud Run jobs; by AWS Lambda.
_PLATFORM_VARIABLES = ("K_SERVICE", "CLOUD_RUN_JOB", "AWS_LAMBDA_FUNCTION_NAME")


def configure(settings: Settings, json_formatter: type[JsonFormatter] | None = None) -> None:
    """Show records at the settings' level on stderr, in their format.

    A configuration of the user's own wins: see `handler.FallbackHandler`. No logger is disabled.
    Calls reach the threads their functions start (see `threads`), lines of a standard output that
    isn't a terminal appear when they end, and with `log_execution_id` both streams write records
    (see `streams`).

    Args:
        settings: of them those of logs.
        json_formatter: writes JSON by a platform's own names.
    """
    if settings.log_execution_id:
        from . import streams

        streams.install()
    else:
        _buffer_by_line(sys.stdout)
    if is_json(settings, os.environ):
        from .json_formatter import JsonFormatter

        formatter = (json_formatter or JsonFormatter)()
        fallback = handler.FallbackHandler(formatter, is_record=True)
    else:
        fallback = handler.FallbackHandler(TextFormatter(), is_record=False)
    handler.install(fallback, logging.getLevelName(settings.log_level.upper()))
    threads.install()


def is_json(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether records are JSON.

    `auto` is JSON with `log_execution_id`, which turns the streams into JSON anyway; else text on
    a terminal; else JSON on a platform that reads it, and text elsewhere.
    """
    if settings.log_format != "auto":
        return settings.log_format == "json"
    if settings.log_execution_id:
        return True
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return not is_terminal and any(environ.get(name) for name in _PLATFORM_VARIABLES)


def _buffer_by_line(stream: object) -> None:
    """Let `print` appear when its line ends: a pipe would keep it until its buffer is full."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)
