"""What is the same in the environ of every request of one server (PEP 3333)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from functions_framework.hosts.wsgi.environ import ON_UNIX_SOCKET, SERVED

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ
    from functions_framework.settings import Settings


def base_environ(*, is_multiprocess: bool) -> Environ:
    """What is the same in every request's environ (PEP 3333); nothing of `os.environ`."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "functions-framework",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        SERVED: True,
        "wsgi.multiprocess": is_multiprocess,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }


def of_unix_socket(settings: Settings) -> Environ:
    """What stands for the address of a server on a Unix domain socket."""
    # PEP 3333 wants a name and a port; the engine has the path and 0.
    port = "443" if settings.certfile else "80"
    return {"SERVER_NAME": "localhost", "SERVER_PORT": port, ON_UNIX_SOCKET: True}
