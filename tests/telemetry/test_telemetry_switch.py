"""When calls are traced and counted, and what is said where the extra for it is missing."""

from __future__ import annotations

import pytest

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.settings import Settings
from functions_framework.telemetry import switch

ON, OFF = Settings(otel=True), Settings()


@pytest.mark.parametrize(
    ("settings", "environ", "is_on"),
    [
        (OFF, {}, False),
        (ON, {}, True),
        (ON, {"OTEL_SDK_DISABLED": "TRUE"}, False),
        (ON, {"OTEL_SDK_DISABLED": "no"}, True),
        (OFF, {"OTEL_SERVICE_NAME": "name"}, False),
        (OFF, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"}, True),
        (OFF, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (OFF, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector"}, True),
        (OFF, {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://collector"}, True),
        (OFF, {"OTEL_TRACES_EXPORTER": "none"}, False),
        (OFF, {"OTEL_TRACES_EXPORTER": "None", "OTEL_METRICS_EXPORTER": "console"}, True),
    ],
)
def test_is_traced(settings: Settings, environ: dict[str, str], is_on: bool) -> None:
    assert switch.is_traced(settings, environ) is is_on


def test_is_counted() -> None:
    assert not switch.is_counted(OFF)
    assert switch.is_counted(Settings(metrics_port=0))


def test_missing_extra() -> None:
    with pytest.raises(InvalidConfigurationException) as caught:
        switch._require("no_such_module.sdk", "otel", "--otel")
    assert str(caught.value) == (
        "--otel needs a package that is not installed. Run: pip install 'functions-framework[otel]'"
    )
