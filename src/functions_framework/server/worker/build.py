"""How a worker gets its host when nobody brings one: load the target, build the host for it."""

from __future__ import annotations

from functions_framework.exceptions import InvalidConfigurationException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_framework.hosts.build import Served
    from functions_framework.model.function import Function
    from functions_framework.settings import Settings

    from ..hosted import Build, Hosted


def of_target(settings: Settings) -> Build:
    """A `Build` that loads `settings.target` when it is called, in the worker."""

    def build() -> Hosted:
        from functions_framework import logs
        from functions_framework.hosts import build as hosts
        from functions_framework.loading.load import precheck
        from functions_framework.telemetry import switch

        logs.configure(settings)
        try:
            is_followed = switch.is_followed(settings)
            return hosted_of(hosts.load_and_build(settings, is_followed=is_followed))
        except KeyError as error:
            from functions_framework.loading.needed_variables import missing_variables

            text = missing_variables(error, precheck(settings))
            if text is None:
                raise
            raise InvalidConfigurationException(text) from error

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
        from functions_framework.loading.load import announce
        from functions_framework.telemetry import switch

        logs.configure(settings)
        announce(functions)
        context = hosts.FlaskContext(is_debugging=settings.debug)
        context.source = source
        if not source.is_file():
            context.get()  # whether it uses Flask cannot be read
        is_followed = switch.is_followed(settings)
        return hosted_of(hosts.build(functions, context, settings, is_followed=is_followed))

    return build


def hosted_of(served: Served) -> Hosted:
    """What was loaded, in the server's words."""
    from functions_framework.hosts.routes import paths_of

    from ..hosted import Hosted

    names = ", ".join(function.name for function in served.functions)
    what = ", ".join(_described(function, path) for path, function in paths_of(served.functions))
    return Hosted(served.host, names, what, served.lifecycle, _outlives(served.functions))


def _outlives(functions: list[Function]) -> Callable[[str], bool] | None:
    """Which paths' functions asked to go on when their client has left."""
    if not any("outlives_client" in function.options for function in functions):
        return None
    from functions_framework.hosts.routes import Routes, paths_of

    routes = Routes((path, "outlives_client" in of.options) for path, of in paths_of(functions))
    return lambda path: bool(routes.find(path))


def _described(function: Function, path: str | None) -> str:
    if function.protocol:
        return f"{function.name} ({function.protocol.upper()} application)"
    side = "async" if function.is_asgi else "sync"
    text = f"{function.name} ({function.signature}, {side})"
    return text if path is None else f"{text} at {path}"
