"""The asyncio side of the Python API: decorators and ASGI applications."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from functions_framework.api.decorators import event_mark, http_mark, put
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.hosts import build
from functions_framework.hosts.create import LazyApp, Source, application
from functions_framework.loading.load import load_target, one_at_a_time

if TYPE_CHECKING:
    from functions_framework.api.cors import CORS
    from functions_framework.model.interfaces import Receive, Scope, Send

    from .annotations import CloudEventFunction as CloudEventFunction
    from .annotations import HTTPFunction as HTTPFunction
    from .annotations import HTTPResponse as HTTPResponse
    from .middleware import ExceptionHandlerMiddleware as ExceptionHandlerMiddleware

F = TypeVar("F", bound=Callable[..., Any])


@overload
def http(function: F, /) -> F: ...
@overload
def http(
    *,
    path: str | None = None,
    cors: bool | str | CORS | None = None,
    cancel_on_disconnect: bool = True,
) -> Callable[[F], F]: ...


def http(
    function: Any = None,
    /,
    *,
    path: str | None = None,
    cors: Any = None,
    cancel_on_disconnect: bool = True,
) -> Any:
    """Serve a function of a `starlette.requests.Request` from the event loop.

    Args:
        function: `async def`, or `def`, which then runs in a thread.
        path: the path it owns where several functions share a port; `/<name>` by default.
        cors: who may call it from a browser: True for every origin, one origin, or a `CORS`.
        cancel_on_disconnect: whether an `async def` is cancelled when its client has left.
    """
    mark = http_mark(path=path, cors=cors, cancel_on_disconnect=cancel_on_disconnect, is_asgi=True)
    return put(mark, function)


@overload
def cloud_event(function: F, /) -> F: ...
@overload
def cloud_event(
    *,
    path: str | None = None,
    type: str | Sequence[str] | None = None,
    reply_type: str | None = None,
    reply_source: str | None = None,
    reply_format: Literal["binary", "structured"] | None = None,
    batch: bool = False,
    max_attempts: int | None = None,
) -> Callable[[F], F]: ...


def cloud_event(  # noqa: PLR0913 - an option each
    function: Any = None,
    /,
    *,
    path: str | None = None,
    type: str | Sequence[str] | None = None,  # noqa: A002 - the attribute's name
    reply_type: str | None = None,
    reply_source: str | None = None,
    reply_format: Literal["binary", "structured"] | None = None,
    batch: bool = False,
    max_attempts: int | None = None,
) -> Any:
    """Serve a function of a CloudEvent from the event loop.

    Args:
        function: `async def`, or `def`, which then runs in a thread.
        path: as for `http`.
        type: the types of events that it is called with.
        reply_type: as for `functions_framework.cloud_event`, like the others.
        reply_source: the `source` of replies that name none.
        reply_format: how a reply is sent.
        batch: whether it is called with the list of all events of a request.
        max_attempts: after how many attempts to deliver it an event that fails is dropped.
    """
    mark = event_mark(
        path=path,
        is_asgi=True,
        types=type,
        reply_type=reply_type,
        reply_source=reply_source,
        reply_format=reply_format,
        batch=batch or None,
        max_attempts=max_attempts,
    )
    return put(mark, function)


def create_asgi_app(
    target: str | None = None, source: Source = None, signature_type: str | None = None
) -> Any:
    """Load a function of any signature, sync or async, and build its ASGI application.

    The application is a `starlette.applications.Starlette`; an ASGI application as the target is
    returned as it is.

    Args and errors are those of `functions_framework.create_app`.
    """
    context = build.FlaskContext()
    with one_at_a_time:
        function = load_target(target, source, signature_type, around=context.around)
        if function.protocol == "wsgi":
            raise InvalidConfigurationException(
                f"The target {function.name!r} is a WSGI application, which an ASGI server cannot "
                "serve. Give a WSGI server 'functions_framework:app' instead."
            )
        return application(function) if function.protocol else build.asgi_app(function)


class LazyASGIApp(LazyApp):
    """An ASGI 3 application that is built from the environment at its first scope.

    Attributes:
        target: as for `create_asgi_app`.
        source: as for `create_asgi_app`.
        signature_type: as for `create_asgi_app`.
        app: the application, None before the first scope.
    """

    def __init__(
        self, target: str | None = None, source: Source = None, signature_type: str | None = None
    ) -> None:
        super().__init__(target, source, signature_type)
        self._app_initialized = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a scope, after building the application if this is the first."""
        await self._built(self._build)(scope, receive, send)

    def _build(self) -> Any:
        app = create_asgi_app(self.target, self.source, self.signature_type)
        self._app_initialized = True
        return app


app = LazyASGIApp()

_LAZY = {
    "CloudEventFunction": ".annotations",
    "ExceptionHandlerMiddleware": ".middleware",
    "HTTPFunction": ".annotations",
    "HTTPResponse": ".annotations",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name], __name__), name)
