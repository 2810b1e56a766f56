"""Whether calls are traced or counted."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from functions_framework.exceptions import InvalidConfigurationException

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def is_followed(settings: Settings) -> bool:
    """Whether somebody is told of each call.

    Raises:
        InvalidConfigurationException: it is asked for and what it needs is not installed.
    """
    return is_traced(settings) or is_counted(settings)


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
