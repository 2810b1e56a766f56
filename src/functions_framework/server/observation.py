"""What watches a worker from outside its host: the report of its load, its traces and metrics.

Everything here is off by default, and then nothing of it is imported or in a request's way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from .hosting import Build, Hosted


def observed(settings: Settings, build: Build) -> Hosted:
    """Build the host, and put around it what the settings ask for.

    Raises:
        BaseException: whatever building raises, unchanged.
    """
    return _reported(settings, build) if settings.report or settings.debug else build()


def _reported(settings: Settings, build: Build) -> Hosted:
    from functions_framework.load_report import measured, write

    with measured() as report:
        hosted = build()
    write(report(), hosted.name, settings)
    return hosted
