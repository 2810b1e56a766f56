"""How a worker gets its host: the target loaded, its host built, what observes it put around.

What observes a host is off by default, and then nothing of it is imported or in a request's way.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_framework.hosts.build import Served
    from functions_framework.loading.import_clock import LoadReport
    from functions_framework.model.function import Function
    from functions_framework.settings import Settings
    from functions_framework.telemetry.counting import Counting
    from functions_framework.telemetry.tracing import Tracing

    from ..hosted import Build, Hosted


def of_target(settings: Settings) -> Build:
    """A `Build` that loads `settings.target` when it is called, in the worker."""

    def build() -> Hosted:
        from functions_framework import logs
        from functions_framework.hosts import build as hosts
        from functions_framework.loading.load import explained
        from functions_framework.telemetry import switch

        logs.configure(settings)

        def load() -> Served:
            return hosts.load_and_build(settings, is_followed=switch.is_followed(settings))

        return hosted_of(explained(load, settings))

    return build


def of_functions(functions: list[Function], source: Path, settings: Settings) -> Build:
    """A `Build` of functions that are loaded already.

    Args:
        functions: what is served.
        source: the file they are from; templates are beside it.
        settings: what the user asked for.
    """

    def build() -> Hosted:
        from functions_framework import logs
        from functions_framework.hosts import build as hosts
        from functions_framework.telemetry import switch

        logs.configure(settings)
        is_followed = switch.is_followed(settings)
        served = hosts.build_given(functions, source, settings, is_followed=is_followed)
        return hosted_of(served)._replace(source=source)

    return build


def hosted_of(served: Served) -> Hosted:
    """What was loaded, in the server's words.

    Raises:
        InvalidTargetTypeException: a function cannot be called as its signature calls it.
    """
    from functions_framework.hosts.routes import paths_of
    from functions_framework.loading.parameters import require_fit

    from ..hosted import Hosted

    require_fit(served.functions)
    names = ", ".join(function.name for function in served.functions)
    what = [_described(function, path) for path, function in paths_of(served.functions)]
    outlives = _goes_on(served.functions)
    hosted = Hosted(served.host, names, what, served.lifecycle, outlives, tuple(served.functions))
    return hosted._replace(sockets=served.sockets)


def _goes_on(functions: list[Function]) -> Callable[[str], bool] | None:
    """Which paths' functions go on when their client has left: all but `async def` http ones.

    The sender of an event is gone for reasons of its own, an application is told by `receive`, and
    a plain `def` cannot be ended in the middle.
    """
    if all(map(_is_cancelled, functions)):
        return None
    from functions_framework.hosts.routes import Routes, paths_of

    routes = Routes((path, not _is_cancelled(of)) for path, of in paths_of(functions))
    return lambda path: bool(routes.find(path))


def _is_cancelled(function: Function) -> bool:
    from functions_framework.model.function import Signature

    is_http = function.signature is Signature.HTTP and not function.protocol
    return is_http and function.is_async and "cancel_on_disconnect" not in function.options


def _described(function: Function, path: str | None) -> str:
    if function.protocol:
        return f"{function.name} ({function.protocol.upper()} application)"
    side = "async" if function.is_asgi else "sync"
    text = f"{function.name} ({function.signature}, {side})"
    return text if path is None else f"{text} at {path}"


def observed(settings: Settings, build: Build) -> Hosted:
    """Build the host, and put around it what the settings ask for.

    Raises:
        InvalidConfigurationException: they ask for what is not installed.
        BaseException: whatever building raises, unchanged.
    """
    started = time.monotonic()
    if settings.report or settings.debug:
        hosted, report = _reported(settings, build)
    else:
        hosted, report = build(), None
    from functions_framework.model import execution
    from functions_framework.platforms.azure.switch import is_custom_handler
    from functions_framework.telemetry import switch

    if is_custom_handler():
        from functions_framework.platforms.azure.layer import invoked

        hosted = hosted._replace(host=invoked(hosted.host, hosted.functions))
    if switch.is_followed(settings) or settings.record:
        from functions_framework.hosts.gate import gated

        hosted = hosted._replace(host=gated(hosted.host))
    if switch.is_counted(settings):
        hosted = _counted(hosted, time.monotonic() - started)
    if switch.is_traced(settings):
        hosted = _traced(hosted)
    if not (switch.is_followed(settings) or settings.debug):
        execution.forget_errors()
    if settings.record:
        from functions_framework.recording.layer import recorded

        target = ",".join(hosted.name.split(", "))
        hosted = hosted._replace(host=recorded(hosted.host, target, settings))
    return hosted if report is None or not settings.debug else _shown(hosted, settings, report)


def _reported(settings: Settings, build: Build) -> tuple[Hosted, LoadReport]:
    from functions_framework.loading.import_clock import measured, write

    with measured() as report:
        hosted = build()
    write(report(), hosted.name, settings)
    return hosted, report()


def _shown(hosted: Hosted, settings: Settings, report: LoadReport) -> Hosted:
    """Put the developer console around a host."""
    from functions_framework.console.described import Shown
    from functions_framework.console.layer import consoled
    from functions_framework.hosts.gate import gated

    shown = Shown(hosted.name, hosted.functions, hosted.source, hosted.fault, report)
    host, close = consoled(gated(hosted.host), shown, settings)
    return hosted._replace(host=host, at_drain=close)


def _counted(hosted: Hosted, start_seconds: float) -> Hosted:
    from functions_framework.telemetry.counting import Counting

    return _followed(hosted, Counting(start_seconds))


def _followed(hosted: Hosted, follower: Counting | Tracing) -> Hosted:
    from functions_framework.telemetry.layer import followed

    hosted = hosted._replace(host=followed(hosted.host, follower))
    if hosted.sockets is None:
        return hosted
    from functions_framework.telemetry.sockets import FollowedSockets

    return hosted._replace(sockets=FollowedSockets(hosted.sockets, follower))


def _traced(hosted: Hosted) -> Hosted:
    from functions_framework.telemetry.beginning import tracing_of

    return _followed(hosted, tracing_of(hosted.name))
