"""Whether calls are traced or counted, and what their functions need for it."""

from __future__ import annotations

import functools
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.execution import execution
from functions_framework.runtime.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions_framework.model.function import Function
    from functions_framework.settings import Settings

# OpenTelemetry specification, "Environment Variable Specification" and "Protocol Exporter".
_DISABLED = "OTEL_SDK_DISABLED"
_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
_EXPORTERS = ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER")


def is_traced(settings: Settings, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether calls are told to OpenTelemetry.

    They are with `--otel`, and where the extra is installed and the standard variables name an
    endpoint or an exporter; never with `OTEL_SDK_DISABLED=true`.

    Raises:
        InvalidConfigurationException: it is asked for by `--otel` and not installed.
    """
    if environ.get(_DISABLED, "").strip().lower() == "true":
        return False
    if settings.otel:
        _require("opentelemetry.sdk", "otel", "--otel")
        return True
    is_named = any(environ.get(name) for name in _ENDPOINTS) or any(
        environ.get(name, "").strip().lower() not in {"", "none"} for name in _EXPORTERS
    )
    return is_named and _is_installed("opentelemetry.sdk")


def is_counted(settings: Settings) -> bool:
    """Whether calls are counted for Prometheus.

    Raises:
        InvalidConfigurationException: it is asked for and not installed.
    """
    if settings.metrics_port is None:
        return False
    _require("prometheus_client", "prometheus", "--metrics-port")
    return True


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def _require(module: str, extra: str, flag: str) -> None:
    if not _is_installed(module):
        raise InvalidConfigurationException(
            f"{flag} needs a package that is not installed. "
            f"Run: pip install 'functions-framework[{extra}]'"
        )


def noted(functions: Sequence[Function], settings: Settings) -> Sequence[Function]:
    """The functions such that a call knows whether its function was reached, and with what.

    Themselves where nobody wants to know.
    """
    if not is_traced(settings) and not is_counted(settings):
        return functions
    return [_noted(function) for function in functions]


def _noted(function: Function) -> Function:
    call = function.call

    def noted_call(*arguments: Any) -> Any:
        running = execution.get()
        if running is not None:
            running.arguments = arguments
        return call(*arguments)

    # The wrapper keeps the annotations: a typed function's input type is read from them.
    return replace(function, call=functools.update_wrapper(noted_call, call))
