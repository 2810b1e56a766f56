"""Makes a handler: the functions loaded as a worker loads them, and their host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.hosts.build import build_given, load_and_build
from functions_framework.loading.load import explained
from functions_framework.loading.parameters import require_fit
from functions_framework.logs import call_end
from functions_framework.model.function import Signature
from functions_framework.runtime.escaping import own_logger
from functions_framework.settings import Settings, options
from functions_framework.telemetry import switch

from . import environment
from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.hosts.build import Served
    from functions_framework.loading.given import Given
    from functions_framework.model.function import Function

_log = own_logger("functions_framework.server")
# Flags of code objects, as `inspect` documents them.
_GENERATORS = 0x20 | 0x200

_CALLER = "aws_lambda.handler_of"
# The others are about a server, its port, its clients or its files.
_HERE = frozenset({
    "signature_type", "event_format", "idempotency_store", "asgi", "threads", "cors",
    "webhook_origins", "docs", "timeout", "log_level", "log_format", "log_execution_id",
    "access_log", "otel",
})  # fmt: skip


def handler_of_settings() -> Sandbox:
    """The handler of what the variables name.

    Raises:
        FunctionsFrameworkException: they name nothing that can be served.
        BaseException: whatever the source raises, unchanged.
    """
    settings = Settings.load(names=_HERE | {"target", "source"})
    _set_up(settings)

    def build() -> Served:
        return load_and_build(settings, is_followed=switch.is_traced(settings))

    return _handler(explained(build, settings), settings)


def handler_of(*functions: Given, **settings: Any) -> Sandbox:
    """Make the handler of functions that are there already, for a file that is a Lambda function's.

    Everything the file registers (hooks, middleware, resources, error handlers) must stand above.

    Args:
        functions: the functions, decorated or not, or one list of them; or one application. Of
            several each has its own `path=` or `/<name>`.
        settings: by the names of `functions_framework.settings.Settings`: `signature_type="event"`,
            `log_level="debug"`, … Their variables and defaults are the usual ones.

    Raises:
        InvalidConfigurationException: a setting, or what is served, cannot be used.
        FunctionsFrameworkException: the functions cannot be served.
    """
    from functions_framework.loading.given import functions_given, source_given
    from functions_framework.settings.given import settings_given

    chosen = settings_given(_CALLER, settings, options().keys() - _HERE)
    _set_up(chosen)
    named = functions_given(_CALLER, functions, chosen.signature_type)
    is_followed = switch.is_traced(chosen)
    served = build_given(named, source_given(named[0]), chosen, is_followed=is_followed)
    return _handler(served, chosen)


def _set_up(settings: Settings) -> None:
    """Set logging up, where it is ours to: not in somebody's tests."""
    if environment.is_there():
        from . import records

        records.set_up(settings)


def _handler(served: Served, settings: Settings) -> Sandbox:
    require_fit(served.functions)
    _tell_what_cannot_be(served.functions)
    if switch.is_traced(settings):
        served = _traced(served)
    sandbox = Sandbox(served, settings, call_end(settings))
    environment.join(sandbox, served.lifecycle)
    return sandbox


def _tell_what_cannot_be(functions: Sequence[Function]) -> None:
    """Warn of what is different here, once.

    Raises:
        InvalidConfigurationException: nothing can be called.
    """
    sockets = [function for function in functions if function.signature is Signature.WEBSOCKET]
    if sockets:
        names = ", ".join(repr(function.name) for function in sockets)
        text = (
            f"Lambda has no connections for {names} (@websocket): a WebSocket API of API Gateway "
            "invokes a function for each message. A typed function takes these payloads."
        )
        if len(sockets) == len(functions):
            raise InvalidConfigurationException(text)
        _log.warning("%s", text)
    for function in functions:
        if _is_generator(function):
            _log.warning(
                "%r streams its response. Lambda takes a response as a whole: it is sent when it "
                "is complete.",
                function.name,
            )


def _traced(served: Served) -> Served:
    from functions_framework.hosts.gate import gated
    from functions_framework.telemetry.beginning import tracing_of
    from functions_framework.telemetry.layer import followed

    names = ", ".join(function.name for function in served.functions)
    return served._replace(host=followed(gated(served.host), tracing_of(names)))


def _is_generator(function: Function) -> bool:
    """Whether calling a function makes a generator, of either kind."""
    code = getattr(function.call, "__code__", None)
    return bool(code and code.co_flags & _GENERATORS)
