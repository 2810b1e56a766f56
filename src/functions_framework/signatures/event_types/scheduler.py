"""Runs of Cloud Scheduler's jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from functions_framework.events.webhooks import SCHEDULER_TYPE

from .content import T, WithContent

if TYPE_CHECKING:
    from datetime import datetime

    from typing_extensions import Self

    from .event_value import Arrived


class SchedulerJobData(msgspec.Struct, rename="camel"):
    """What the job sends."""

    custom_data: bytes = b""


class SchedulerJob(WithContent[T], frozen=True, kw_only=True):
    """A run of a job (google.events.cloud.scheduler.v1), or the request of its HTTP target.

    Attributes:
        data: the body that the job sends.
        job: the job's name.
    """

    event_types: ClassVar[tuple[str, ...]] = (SCHEDULER_TYPE,)

    job: str = ""

    @property
    def schedule_time(self) -> datetime | None:
        """When it was to run."""
        return self.event.time

    @classmethod
    def wire(cls) -> type[Any]:
        """The body in base64."""
        return SchedulerJobData

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:
        """Make the value; the source names the job."""
        return cls(
            data=checked.custom_data, job=arrived.attributes["source"].rpartition("/jobs/")[2]
        )

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`json`, of the bytes."""
        return {"json": ("customData", self.data)}
