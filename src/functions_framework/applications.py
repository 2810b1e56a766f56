"""The Python API: applications for other people's servers and for tests."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from . import hosts, loading, wsgi
from .exceptions import InvalidConfigurationException

if TYPE_CHECKING:
    import flask

    from .asgi_app import FunctionASGIApp

Source = str | PathLike[str] | None


def create_app(
    target: str | None = None, source: Source = None, signature_type: str | None = None
) -> flask.Flask | FunctionASGIApp:
    """Load a function and build its application: a `flask.Flask`, for any signature.

    A function that is `async def` (or marked by `functions_framework.aio`) gives the ASGI
    application of `functions_framework.aio.create_asgi_app` instead.

    Args:
        target: the function's name, else `FUNCTION_TARGET`.
        source: path of its file, else `FUNCTION_SOURCE`, else `main.py`.
        signature_type: `http`, `event`, `cloudevent` or `typed`, else `FUNCTION_SIGNATURE_TYPE`,
            else `http`; a decorator on the function beats it.

    Raises:
        InvalidConfigurationException: no target.
        MissingSourceException: no such file.
        MissingTargetException: the file has no such function.
        InvalidTargetTypeException: the target cannot be called.
        FunctionsFrameworkException: no such signature.
    """
    context = hosts.FlaskContext()
    function = loading.load_target(target, source, signature_type, around=context.around)
    if function.is_asgi:
        from .asgi_app import FunctionASGIApp

        return FunctionASGIApp(hosts.asgi_host([function]))
    return hosts.flask_app(function, context)


class LazyWSGIApp:
    """A WSGI application (PEP 3333) that is built from the environment at its first request.

    Attributes:
        target: as for `create_app`.
        source: as for `create_app`.
        signature_type: as for `create_app`.
        app: the application, None before the first request.
    """

    def __init__(
        self, target: str | None = None, source: Source = None, signature_type: str | None = None
    ) -> None:
        self.target = target
        self.source = source
        self.signature_type = signature_type
        self.app: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer a request, after building the application if this is the first.

        Raises:
            InvalidConfigurationException: the function is async; a WSGI server cannot await it.
        """
        if self.app is None:
            self.app = self._build()
        return self.app(*args, **kwargs)

    def _build(self) -> Any:
        import flask

        app = create_app(self.target, self.source, self.signature_type)
        if not isinstance(app, flask.Flask):
            raise InvalidConfigurationException(
                f"The function {app.function.name!r} is async, which a WSGI server cannot serve. "
                "Give an ASGI server 'functions_framework.aio:app' instead."
            )
        return app


app = LazyWSGIApp()


def read_request(response: Any) -> Any:
    """Read what is left of the current Flask request's body, as an after-request hook.

    Args:
        response: the response, returned unchanged.
    """
    import flask

    if not response.is_streamed:
        wsgi.drain(flask.request.environ)
    return response
