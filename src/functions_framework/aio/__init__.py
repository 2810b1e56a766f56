"""The asyncio side of the Python API: decorators and ASGI applications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .. import hosts, loading
from ..applications import Source
from ..function import Mark, Signature

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent
    from starlette.requests import Request
    from starlette.responses import Response

    from ..asgi_app import FunctionASGIApp

    HTTPResponse = Response | str | bytes | dict[str, Any] | list[Any] | tuple[Any, ...]
    HTTPFunction = Callable[[Request], HTTPResponse | Awaitable[HTTPResponse]]
    CloudEventFunction = Callable[[CloudEvent], Any]

F = TypeVar("F", bound=Callable[..., Any])


def http(function: F) -> F:
    """Serve a function of a `starlette.requests.Request` from the event loop.

    Args:
        function: `async def`, or `def`, which then runs in a thread.
    """
    Mark(Signature.HTTP, is_asgi=True).put_on(function)
    return function


def cloud_event(function: F) -> F:
    """Serve a function of a CloudEvent from the event loop.

    Args:
        function: `async def`, or `def`, which then runs in a thread.
    """
    Mark(Signature.CLOUDEVENT, is_asgi=True).put_on(function)
    return function


def create_asgi_app(
    target: str | None = None, source: Source = None, signature_type: str | None = None
) -> FunctionASGIApp:
    """Load a function of any signature, sync or async, and build its ASGI application.

    Args and errors are those of `functions_framework.create_app`.
    """
    from ..asgi_app import FunctionASGIApp

    context = hosts.FlaskContext()
    function = loading.load_target(target, source, signature_type, around=context.around)
    return FunctionASGIApp(hosts.asgi_host(function))


class LazyASGIApp:
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
        self.target = target
        self.source = source
        self.signature_type = signature_type
        self.app: Any = None
        self._app_initialized = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a scope, after building the application if this is the first."""
        if not self._app_initialized:
            self.app = create_asgi_app(self.target, self.source, self.signature_type)
            self._app_initialized = True
        await self.app(scope, receive, send)


app = LazyASGIApp()
