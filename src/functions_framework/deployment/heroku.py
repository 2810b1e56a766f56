"""Heroku: a Procfile with the times of its router and of its stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.settings import options

from .procfile import procfile
from .project import seconds

if TYPE_CHECKING:
    from .project import Project

TIMEOUT = 30.0
"""Seconds until the router gives up; nothing changes that."""

KILLED_AFTER = 30.0
"""Seconds between SIGTERM and SIGKILL."""


def files(project: Project) -> dict[str, str]:
    """The one file, text by name."""
    timeout = min(TIMEOUT, project.timeout or TIMEOUT)
    grace = min(KILLED_AFTER - 5, project.grace_period or KILLED_AFTER)
    times = {
        options()["timeout"].variable: seconds(timeout),
        options()["grace_period"].variable: seconds(grace),
    }
    return procfile({**project.environment(), **project.given, **times})


def commands(project: Project) -> list[str]:
    """What deploys."""
    config = [f"heroku config:set {name}=VALUE" for name in project.variables]
    return [*config, "git push heroku main"]
