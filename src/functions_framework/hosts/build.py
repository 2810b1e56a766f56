"""Chooses the host that serves what was loaded and builds it; the one place that knows them all."""

from __future__ import annotations

import atexit
import sys
from typing import TYPE_CHECKING
from weakref import ref

from functions_framework.api.lifecycle import Lifecycle
from functions_framework.api.registrations import Registrations, take
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.loading.load import announce, load, one_at_a_time
from functions_framework.model.function import Function, Signature
from functions_framework.runtime.import_hooks import on_import
from functions_framework.runtime.unrun_packages import is_awaited, packages_unrun, unseen
from functions_framework.runtime.values import NamedTuple
from functions_framework.stores.urls import MEMORY

from .by_settings import (
    as_environ_says,
    checked_sockets,
    cors_rules,
    cors_setting,
    with_cors,
    with_event_settings,
)
from .error_handlers import ErrorHandlers
from .instrumented import is_agent_loaded
from .raw_heads import is_for_loop
from .registered import with_registered
from .with_flask.context import FlaskContext, uses_flask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from functions_framework.model.interfaces import Host, SocketHost
    from functions_framework.settings import Settings

    from .asgi.app import FunctionASGIApp
    from .asgi.host import ASGIHost
    from .asgi.routed import RoutedHost
    from .with_flask.app import FunctionApp
    from .with_flask.host import FlaskHost
    from .wsgi.host import EventHost

__all__ = [
    "FlaskContext",
    "Served",
    "asgi_app",
    "build",
    "build_given",
    "flask_app",
    "load_and_build",
    "run_with_process",
]


class Served(NamedTuple):
    """What a worker serves.

    Attributes:
        functions: what was loaded, as the user wrote it.
        host: answers requests; its `is_async` says on which side.
        lifecycle: what runs before the first request and after the last.
        sockets: converses by WebSocket, None where nothing does.
    """

    functions: list[Function]
    host: Host
    lifecycle: Lifecycle
    sockets: SocketHost | None = None


def load_and_build(settings: Settings, *, is_followed: bool = False) -> Served:
    """Load what the settings name and build its host: what a worker does first.

    Args:
        settings: what the user asked for.
        is_followed: whether somebody is told of each call.

    Raises:
        FunctionsFrameworkException: the settings name nothing that can be served.
        BaseException: whatever the user's module raises, unchanged.
    """
    context = FlaskContext(is_debugging=settings.debug)
    with one_at_a_time:
        functions = load(settings, around=context.around)
        return build(functions, context, settings, is_followed=is_followed)


def build_given(
    functions: list[Function], source: Path, settings: Settings, *, is_followed: bool = False
) -> Served:
    """Build the host for functions of a program that runs already; the rest as in `build`.

    Args:
        functions: what is served.
        source: the file they are from; templates are beside it.
        settings: what the user asked for.
        is_followed: whether somebody is told of each call.
    """
    announce(functions)
    context = FlaskContext(is_debugging=settings.debug)
    context.source = source
    if not source.is_file():
        context.get()  # whether it uses Flask cannot be read
    return build(functions, context, settings, is_followed=is_followed)


def build(
    loaded: list[Function],
    context: FlaskContext,
    settings: Settings,
    *,
    is_followed: bool = False,
) -> Served:
    """Build the host for functions that were just loaded, with what their module registered.

    Args:
        loaded: the functions.
        context: the Flask application of their module, where it uses one.
        settings: what the user asked for.
        is_followed: whether somebody is told of each call.

    Raises:
        InvalidConfigurationException: they cannot be served together.
    """
    registered = take()
    lifecycle = Lifecycle.of(registered)
    host: Host
    sockets: SocketHost | None = None
    if any(function.protocol for function in loaded):
        from .applications import host_of

        host = application = host_of(loaded, lifecycle)
        sockets = application if application.is_async else None
    else:
        functions = _as_set(loaded, settings, is_followed=is_followed)
        host, sockets = _function_host(functions, context, registered, settings)
    if settings.docs or (settings.debug and len(loaded) > 1):
        from .openapi.pages import with_pages

        host = with_pages(host, loaded, settings)
    if settings.debug:
        from .debug import debugged

        host = debugged(host)
    host, sockets = with_cors(host, sockets, loaded, settings.cors)
    return Served(loaded, host, lifecycle, sockets)


def _as_set(loaded: list[Function], settings: Settings, *, is_followed: bool) -> Sequence[Function]:
    """The functions with what the settings ask of them."""
    functions = with_event_settings(loaded, settings)
    if is_followed or settings.debug:
        from .noted import noted

        return noted(functions, is_followed=is_followed, is_timed=settings.debug)
    return functions


def _function_host(
    functions: Sequence[Function],
    context: FlaskContext,
    registered: Registrations,
    settings: Settings,
) -> tuple[ASGIHost | RoutedHost | EventHost | FlaskHost, SocketHost | None]:
    store = _store_of(settings)
    if not is_for_loop(functions):
        functions = with_registered(functions, registered, store=store)
        return _sync_host(functions, context, registered), None
    from functions_framework.runtime.threads import Threads

    from .asgi.host import ASGIHost

    limited = Threads("function", settings.threads)
    wrapped = with_registered(functions, registered, limited.start, store)
    plain = [function for function in wrapped if not function.is_asgi]
    bridged = (_sync_host(plain, context, registered), plain) if plain else None
    on_loop = [function for function in wrapped if function.is_asgi]
    host = ASGIHost(on_loop, ErrorHandlers(registered.error_handlers), limited, bridged)
    return _seen_by_agents(host, context.app if bridged else None), host.sockets


def _store_of(settings: Settings) -> str | None:
    """Where calls of idempotent functions are kept, unless they say it themselves.

    Raises:
        InvalidConfigurationException: each of several workers would have a store of its own.
    """
    store = settings.idempotency_store
    if store == MEMORY and settings.workers > 1:
        raise InvalidConfigurationException(
            f"The store {MEMORY} is one process's own: {settings.workers} workers would each run "
            "an event that comes twice. Set --idempotency-store to sqlite:///FILE or redis://HOST."
        )
    return store


def _seen_by_agents(host: ASGIHost, beside: FunctionApp | None) -> ASGIHost | RoutedHost:
    """The host behind Starlette's routes where somebody has changed these, itself elsewhere.

    Args:
        host: the host.
        beside: the Flask application of the functions it bridges to.
    """
    if not is_agent_loaded() and "starlette.applications" not in sys.modules:
        return host
    from .asgi.routed import RoutedHost, is_starlette_replaced

    if not is_starlette_replaced():
        return host
    if beside is not None:
        from .with_flask.plain import is_watched

        if is_watched(beside):
            return RoutedHost(host, host.is_bridged)
    return RoutedHost(host, lambda _: False)


def _sync_host(
    functions: Sequence[Function], context: FlaskContext, registered: Registrations
) -> EventHost | FlaskHost:
    takes_request = any(function.signature is Signature.HTTP for function in functions)
    if context.app or uses_flask(context.source) or is_agent_loaded():
        context.get()  # imports Flask, and so does the host's own module
    elif not takes_request:
        from .wsgi.host import EventHost

        return EventHost(functions, ErrorHandlers(registered.error_handlers))
    with packages_unrun("flask", "werkzeug"):
        from .with_flask.host import FlaskHost
        from .with_flask.request import are_flasks_own

        is_seen = is_awaited("flask.app") or not are_flasks_own()

    def make(host: FlaskHost) -> FunctionApp:
        app = context.get()
        app.serve(functions, registered, host)
        return app

    host = FlaskHost(functions, make, handles_errors=bool(registered.error_handlers))
    if context.app or context.is_debugging or is_seen or "flask" not in unseen:
        host.app  # noqa: B018 - made now: nobody waits yet
    else:
        # Before anybody can put something into Flask: it goes into no application that is there.
        late = ref(host)
        on_import("flask", lambda _: getattr(late(), "app", None))
    return host


def flask_app(function: Function, context: FlaskContext) -> FunctionApp:
    """Build the Flask application around a sync function, and run its module's start-up hooks.

    WSGI servers have no word for the end: shut-down hooks run when the interpreter exits.
    """
    app = context.get()
    registered = take()
    functions, store = as_environ_says(function)
    app.serve(with_registered(functions, registered, store=store), registered)
    if (rules := cors_rules([function], cors_setting())) is not None:
        from .wsgi.cors import CORSApp

        app.wsgi_app = CORSApp(app.wsgi_app, rules)  # type: ignore[method-assign]
    run_with_process(Lifecycle.of(registered))
    return app


def asgi_app(function: Function) -> FunctionASGIApp:
    """Build the ASGI application around a function of either kind.

    Its module's hooks run when the server announces the application's start and its end.
    """
    from functions_framework.runtime.threads import Threads
    from functions_framework.settings import Settings

    from .asgi.app import FunctionASGIApp
    from .asgi.host import ASGIHost

    registered = take()
    threads = Threads("function", Settings.threads)
    functions, store = as_environ_says(function)
    wrapped = with_registered(functions, registered, threads.start, store)
    host = ASGIHost(wrapped, ErrorHandlers(registered.error_handlers), threads)
    rules = cors_rules([function], cors_setting())
    if rules is None:
        return FunctionASGIApp(host, Lifecycle.of(registered))
    from .asgi.cors import AsyncCORS

    host.sockets = checked_sockets(host.sockets, rules)
    return FunctionASGIApp(AsyncCORS(host, rules), Lifecycle.of(registered))


def run_with_process(lifecycle: Lifecycle) -> None:
    """Run the start-up hooks now and the shut-down hooks at the end of the process."""
    if lifecycle:
        lifecycle.start_blocking()
        atexit.register(lifecycle.stop_blocking)
