"""Classes of 3.10 that serve an application, for SDKs that reach for them; all on the one server.

New code calls `functions_framework.serve`.
"""

from __future__ import annotations

from typing import Any


class Application:
    """Serves an application on a host and port.

    Args:
        app: a Flask, WSGI, Starlette or ASGI application.
        host: address to listen on.
        port: port to listen on.
        debug: whether to show tracebacks.
        options: `workers`, `threads` and `timeout` are read; 3.10 named them so for gunicorn.

    Attributes:
        options: the options with what they stand for.
    """

    def __init__(self, app: Any, host: str, port: int | str, debug: bool, **options: Any) -> None:  # noqa: FBT001 - the signature of 3.10
        self.app = app
        self.host = host
        self.port = int(port)
        self.debug = debug
        self.options: dict[str, Any] = {"bind": f"{host}:{port}", **options}

    def load(self) -> Any:
        """The application."""
        return self.app

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        from functions_framework.server.program import serve

        heeded = ("workers", "threads", "timeout")
        chosen = {name: self.options[name] for name in heeded if self.options.get(name) is not None}
        serve(self.app, host=self.host, port=self.port, **chosen)


class HTTPServer:
    """Chooses the class that serves an application, and runs it.

    Attributes:
        app: the application.
        debug: whether to show tracebacks.
        options: for the class.
        server_class: the class.
    """

    def __init__(self, app: Any, debug: bool, **options: Any) -> None:  # noqa: FBT001
        self.app = app
        self.debug = debug
        self.options = options
        self.server_class = Application

    def run(self, host: str, port: int | str) -> None:
        """Serve until SIGTERM or SIGINT."""
        self.server_class(self.app, host, port, self.debug, **self.options).run()


def create_server(wsgi_app: Any, debug: bool, **options: Any) -> HTTPServer:  # noqa: FBT001
    """Make the server of an application."""
    return HTTPServer(wsgi_app, debug, **options)
