"""A Procfile, for builders that read one: which command serves."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from functions_framework.settings import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .project import Project


def files(project: Project) -> dict[str, str]:
    """The one file, text by name."""
    return procfile({**project.environment(), **project.given})


def commands(project: Project) -> list[str]:
    """What makes an image of it."""
    return [f"pack build {project.name} --builder paketobuildpacks/builder-jammy-base"]


def procfile(values: Mapping[str, str]) -> dict[str, str]:
    """The file. It takes no comments, so nothing in it says how it was made.

    Args:
        values: the settings, as texts by variable.
    """
    flags = {option.variable: option.flag for option in options().values()}
    words = [word for name, value in values.items() for word in (flags[name], value)]
    return {"Procfile": f"web: {shlex.join(['functions-framework', *words])}\n"}
