"""The Python API: applications for other people's servers and for tests."""

from __future__ import annotations

from contextlib import suppress
from os import PathLike
from typing import TYPE_CHECKING, Any

from functions_framework.api.lifecycle import Lifecycle
from functions_framework.api.registrations import take
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.loading.load import load_target, one_at_a_time
from functions_framework.model.function import Function, protocol_of

from . import build
from .wsgi.environ import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable

Source = str | PathLike[str] | None


def create_app(
    target: str | None = None, source: Source = None, signature_type: str | None = None
) -> Any:
    """Load a function and build its application: a `flask.Flask`, for any signature.

    A function that is `async def` (or marked by `functions_framework.aio`) gives the ASGI
    application of `functions_framework.aio.create_asgi_app` instead. A target that is a WSGI or
    ASGI application is returned as it is. Typed as `Any`: a union would have every caller check for
    the kinds it does not have.

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
    context = build.FlaskContext()
    with one_at_a_time:
        function = load_target(target, source, signature_type, around=context.around)
        if function.protocol:
            return application(function)
        return build.asgi_app(function) if function.is_asgi else build.flask_app(function, context)


def application(function: Function) -> Any:
    """An application in the source, as it is; the hooks of its module run with the process.

    Raises:
        InvalidConfigurationException: hooks stand beside an ASGI application, whose own lifespan
            is what an ASGI server runs.
    """
    lifecycle = Lifecycle.of(take())
    if function.protocol == "wsgi":
        build.run_with_process(lifecycle)
    elif lifecycle.startup_hooks or lifecycle.shutdown_hooks:
        raise InvalidConfigurationException(
            f"The source has hooks beside the ASGI application {function.name!r}: another server "
            "than the framework's runs only its lifespan. Move them there."
        )
    return function.call


class LazyApp:
    """An application that is built once, when it is first called.

    Attributes:
        target: as for `create_app`.
        source: as for `create_app`.
        signature_type: as for `create_app`.
        app: the application, None before the first call.
    """

    def __init__(
        self, target: str | None = None, source: Source = None, signature_type: str | None = None
    ) -> None:
        self.target = target
        self.source = source
        self.signature_type = signature_type
        self.app: Any = None

    def _built(self, build_one: Callable[[], Any]) -> Any:
        if self.app is None:
            with one_at_a_time:
                self.app = self.app or build_one()
        return self.app


class LazyWSGIApp(LazyApp):
    """A WSGI application (PEP 3333) that is built from the environment at its first request.

    Attributes:
        target: as for `create_app`.
        source: as for `create_app`.
        signature_type: as for `create_app`.
        app: the application, None before the first request.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer a request, after building the application if this is the first.

        Raises:
            InvalidConfigurationException: the function is async; a WSGI server cannot await it.
        """
        return self._built(self._build)(*args, **kwargs)

    def _build(self) -> Any:
        app = create_app(self.target, self.source, self.signature_type)
        if protocol_of(app) != "wsgi":
            raise InvalidConfigurationException(
                "The function is async, which a WSGI server cannot serve. "
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
    from werkzeug.exceptions import HTTPException

    if not response.is_streamed:
        # Not from the environ: of many servers, who reads past the end of a body waits for more.
        with suppress(HTTPException):
            while flask.request.stream.read(CHUNK):
                pass
    return response
