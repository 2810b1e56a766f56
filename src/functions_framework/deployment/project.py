"""What a deployment has to know of a source: its functions, and the settings they are served with.

Made once of what was loaded; the writers of files read nothing else.
"""

from __future__ import annotations

import inspect
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions_framework.hosts.routes import paths_of
from functions_framework.loading.source import DEFAULT_NAMES
from functions_framework.model.function import Signature
from functions_framework.settings import Settings, options
from functions_framework.signatures.event_parameters import event_types_of

from .requirements import Requirements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from functions_framework.model.function import Function

# What images, services and their like are called: a DNS label (RFC 1123).
LONGEST_NAME = 49
"""Cloud Run's, the shortest of all platforms'."""

IMAGE = "IMAGE"
"""What stands for the image's name where none was given; no image can be called so."""

PYTHON = "3.13"
"""The version where the project names none."""

PORT = Settings.default("port")
HEALTH_PATH = "/healthz"


@dataclass(frozen=True, slots=True)
class Served:
    """A function as a platform sees it.

    Attributes:
        name: as it is written in the source.
        signature: how it is called.
        path: where it answers, None for every path.
        types: the event types that it takes, as patterns; none where any will do.
        is_streaming: whether it hands over its response in parts.
    """

    name: str
    signature: Signature
    path: str | None = None
    types: tuple[str, ...] = ()
    is_streaming: bool = False

    @property
    def takes_events(self) -> bool:
        """Whether it is called with events rather than with requests."""
        return self.signature in {Signature.CLOUDEVENT, Signature.EVENT}

    @property
    def label(self) -> str:
        """Its name as a DNS label."""
        return label_of(self.name)


@dataclass(frozen=True, slots=True)
class Project:
    """See the module.

    Attributes:
        name: what the service is called, a DNS label.
        functions: what is served.
        target: the functions' names, as the command takes them.
        command: how the files are written again, without the platform.
        image: the name of the image.
        source: the source's path below the root, empty where it is found without.
        copied: what a platform without an image is given of the source, as a shell writes it.
        signature_type: how undecorated functions are called.
        variables: the environment variables that the source needs.
        given: the settings that were given, as texts by variable.
        timeout: seconds that a call may take, None where nothing was said.
        grace_period: seconds that calls get at a stop, None where nothing was said.
        concurrency: calls that run at once in an instance.
        python: the version, such as `3.13`.
        requirements: where the packages are named.
        test_requirements: the file with those of the tests, empty where there is none.
        has_tests: whether there are tests to run.
        written: the commands that wrote what is there for other platforms.
        place: where the files are written, as the beginning of their paths.
    """

    name: str
    functions: tuple[Served, ...]
    target: str
    command: str = ""
    image: str = IMAGE
    source: str = ""
    copied: str = "*.py"
    signature_type: Signature = Signature.HTTP
    variables: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    grace_period: float | None = None
    concurrency: int = 80
    python: str = PYTHON
    requirements: Requirements = field(default_factory=Requirements)
    test_requirements: str = ""
    has_tests: bool = False
    written: tuple[str, ...] = ()
    place: str = ""

    def head(self, platform: str) -> str:
        """The first line of a file: how it is written again."""
        return f"functions-framework deploy-files {platform}{self.command}"

    def environment(self) -> dict[str, str]:
        """The variables that say what is served."""
        values = {options()["target"].variable: self.target}
        if self.source:
            values[options()["source"].variable] = self.source
        if self.signature_type is not Signature.HTTP:
            values[options()["signature_type"].variable] = str(self.signature_type)
        return values

    def serving(self, timeout: float, grace_period: float) -> dict[str, str]:
        """The variables of a server on a platform; what is given otherwise stands below.

        Args:
            timeout: seconds, after which the platform gives up.
            grace_period: seconds between SIGTERM and the end.
        """
        named = {"timeout": seconds(timeout), "grace_period": seconds(grace_period)}
        named["health_path"] = HEALTH_PATH
        values = {options()[name].variable: value for name, value in named.items()}
        rest = {name: text for name, text in self.given.items() if name not in values}
        return {**self.environment(), **values, **rest}

    def target_of(self, function: Served) -> str:
        """One function alone, as the command takes it."""
        module = module_of(self.target)
        return f"{module}:{function.name}" if module else function.name

    def from_place(self, path: str) -> str:
        """A path below the project's directory, from where the files are written."""
        return posixpath.relpath(path, self.place or ".")

    @property
    def triggered(self) -> list[Served]:
        """The functions that take events."""
        return [function for function in self.functions if function.takes_events]


def label_of(name: str) -> str:
    """A name as a DNS label: small letters, digits and hyphens."""
    found = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    found = found if found[:1].isalpha() else f"f-{found}"
    return found[:LONGEST_NAME].strip("-")


def module_of(target: str | None) -> str:
    """The module of `package.module:name`, empty where a target is a name alone."""
    return (target or "").rpartition(":")[0].rpartition(",")[2]


def seconds(value: float) -> str:
    """Seconds as a text."""
    return f"{value:g}"


def served(functions: Sequence[Function]) -> tuple[Served, ...]:
    """The functions as a platform sees them.

    Raises:
        InvalidConfigurationException: two of them share a path.
    """
    paths = {function.name: path for path, function in paths_of(list(functions))}
    # Functions that share a path by their types stand for one there.
    shared = next((path for name, path in paths.items() if _is_group(name, functions)), None)
    return tuple(
        Served(
            name=one.name,
            signature=one.signature,
            path=paths.get(one.name, one.path or shared),
            types=tuple(event_types_of(one)) if not one.protocol else (),
            is_streaming=_is_streaming(one),
        )
        for one in functions
    )


def _is_group(name: str, functions: Sequence[Function]) -> bool:
    return all(name != function.name for function in functions)


def _is_streaming(function: Function) -> bool:
    call = inspect.unwrap(function.call)
    if function.protocol:
        return False
    call = call if inspect.isroutine(call) else getattr(call, "__call__", call)  # noqa: B004
    return inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call)


def source_below(root: Path, path: Path) -> str:
    """The source's path below the root, empty where a server finds it there by itself."""
    relative = path.relative_to(root).as_posix()
    first = next((name for name in DEFAULT_NAMES if (root / name).exists()), None)
    return "" if relative == first else relative
