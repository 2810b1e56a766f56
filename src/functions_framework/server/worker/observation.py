"""What watches a worker from outside its host: the report of its load, its traces and metrics.

Everything here is off by default, and then nothing of it is imported or in a request's way.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from ..hosted import Build, Hosted


def observed(settings: Settings, build: Build) -> Hosted:
    """Build the host, and put around it what the settings ask for.

    Raises:
        InvalidConfigurationException: they ask for what is not installed.
        BaseException: whatever building raises, unchanged.
    """
    started = time.monotonic()
    hosted = _reported(settings, build) if settings.report or settings.debug else build()
    from functions_framework.telemetry import switch

    if switch.is_counted(settings):
        hosted = _counted(hosted, time.monotonic() - started)
    if switch.is_traced(settings):
        hosted = _traced(hosted)
    if settings.record:
        from functions_framework.recording.layer import recorded

        target = ",".join(hosted.name.split(", "))
        hosted = hosted._replace(host=recorded(hosted.host, target, settings))
    return hosted


def _reported(settings: Settings, build: Build) -> Hosted:
    from functions_framework.loading.import_clock import measured, write

    with measured() as report:
        hosted = build()
    write(report(), hosted.name, settings)
    return hosted


def _counted(hosted: Hosted, start_seconds: float) -> Hosted:
    from functions_framework.telemetry.counting import Counting
    from functions_framework.telemetry.layer import followed

    return hosted._replace(host=followed(hosted.host, Counting(start_seconds)))


def _traced(hosted: Hosted) -> Hosted:
    from functions_framework.logs import threads
    from functions_framework.model.execution import read_spans_from
    from functions_framework.telemetry.layer import followed
    from functions_framework.telemetry.providers import set_up
    from functions_framework.telemetry.tracing import CurrentSpan, Tracing, captured

    # After the user's module was loaded: providers that it has set are left in place.
    tracing = Tracing(hosted.name, *set_up(hosted.name))
    read_spans_from(CurrentSpan())
    threads.carry(captured)
    return hosted._replace(host=followed(hosted.host, tracing))
