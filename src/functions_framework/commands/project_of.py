"""Makes of loaded functions, and of the directory they are in, what a deployment has to know."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.deployment.project import (
    IMAGE,
    PYTHON,
    Project,
    label_of,
    module_of,
    served,
    source_below,
)
from functions_framework.deployment.requirements import Requirements, requirements_of
from functions_framework.deployment.written import commands_in
from functions_framework.loading.load import precheck
from functions_framework.loading.needed_variables import needed_variables
from functions_framework.settings import Settings, options

from .faults import BadInput

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping, Sequence

    from functions_framework.model.function import Function

# What a server reads for itself, or what every platform's file says in its own words.
_FUNCTION = frozenset({"target", "source", "signature_type"})
_MOST_AT_ONCE = 80
"""Requests that Cloud Run sends to an instance at once unless it is told otherwise."""


class Wanted(NamedTuple):
    """What files are written for.

    Attributes:
        platform: one of `PLATFORMS`.
        name: what the service is called; None for the function's name or the directory's.
        image: the image's name, None where it isn't known yet.
        place: the directory that they are written to.
    """

    platform: str
    name: str | None = None
    image: str | None = None
    place: Path = Path()


def project_of(
    functions: Sequence[Function],
    settings: Settings,
    given: Mapping[str, Any],
    tree: ast.Module,
    wanted: Wanted,
) -> Project:
    """Make the project of what was loaded.

    Args:
        functions: what is served.
        settings: what it is served with.
        given: those that are neither defaults nor the project's own, by field.
        tree: the source, parsed.
        wanted: what the files are written for.

    Raises:
        BadInput: the source isn't below the working directory, or its list of packages cannot be
            read.
    """
    root = Path.cwd().resolve()
    return Project(
        name=wanted.name or _name(functions, root),
        functions=served(functions),
        target=settings.target or ",".join(function.name for function in functions),
        command=_command(given, wanted),
        image=wanted.image or IMAGE,
        signature_type=settings.signature_type,
        variables=tuple(one.name for one in needed_variables(tree)),
        given=_texts({key: value for key, value in given.items() if key not in _FUNCTION}),
        timeout=settings.timeout or None,
        grace_period=settings.grace_period if _is_set(settings, "grace_period") else None,
        concurrency=_concurrency(settings, functions),
        place="" if wanted.place.resolve() == root else f"{wanted.place.as_posix()}/",
        written=tuple(commands_in(root, wanted.platform)),
        **_in_directory(root, settings),
    )


def _in_directory(root: Path, settings: Settings) -> dict[str, Any]:
    """What the project's directory says."""
    path = precheck(settings)
    if not path.is_relative_to(root):
        raise BadInput(
            f"{path} isn't below {root}, whose files are deployed. Run this in the directory of "
            "the project."
        )
    return {
        "source": "" if module_of(settings.target) else source_below(root, path),
        "copied": path.relative_to(root).parts[0] if path.parent != root else "*.py",
        "python": _python(root),
        "requirements": _requirements(root),
        "test_requirements": _test_requirements(root),
        "has_tests": any(root.glob("test_*.py")) or (root / "tests").is_dir(),
    }


def _requirements(root: Path) -> Requirements:
    try:
        return requirements_of(root)
    except OSError as error:
        raise BadInput(f"{error.filename} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadInput(f"pyproject.toml isn't TOML: {error}.") from None


def _is_set(settings: Settings, field: str) -> bool:
    return bool(getattr(settings, field) != Settings.default(field))


def _name(functions: Sequence[Function], root: Path) -> str:
    return label_of(functions[0].name if len(functions) == 1 else root.resolve().name)


def _command(given: Mapping[str, Any], wanted: Wanted) -> str:
    """The options that write the same again."""
    words = []
    for field, value in given.items():
        option = options()[field]
        words += [option.flag, option.show(value)]
    words += ["--name", wanted.name] if wanted.name else []
    words += ["--image", wanted.image] if wanted.image else []
    return f" {shlex.join(words)}" if words else ""


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        options()[field].variable: options()[field].show(value) for field, value in given.items()
    }


def _concurrency(settings: Settings, functions: Sequence[Function]) -> int:
    """Calls that an instance takes at once: what was said, else what it has threads for."""
    if settings.concurrency:
        return settings.concurrency * settings.workers
    if all(function.is_async for function in functions):
        return _MOST_AT_ONCE
    return min(_MOST_AT_ONCE, settings.threads * settings.workers)


def _python(root: Path) -> str:
    """The version that the project names for itself, else a recent one."""
    named = root / ".python-version"
    found = re.match(r"\s*(3\.\d+)", named.read_text(encoding="utf-8")) if named.is_file() else None
    return found[1] if found else PYTHON


def _test_requirements(root: Path) -> str:
    names = ("requirements-test.txt", "requirements-dev.txt")
    return next((name for name in names if (root / name).is_file()), "")
