"""Serving from a Python program: `python main.py` instead of the command, with the same server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What the functions given and the program itself stand for.
_NOT_HERE = frozenset({"target", "source", "reload"})
_CALLER = "functions_framework.serve"


def serve(*functions: Callable[..., Any] | Sequence[Callable[..., Any]], **settings: Any) -> None:
    """Serve functions until SIGTERM or SIGINT, as the command does.

    One function owns every path; several are served each at its own `path=` or `/<name>`.

    Args:
        functions: the functions, decorated or not, or one list of them; or one application.
        settings: by the names of `functions_framework.settings.Settings`: `port=8080`,
            `workers=2`, … Their variables and defaults are the command's.

    Raises:
        InvalidConfigurationException: a setting, or what is served, cannot be used.
        FunctionsFrameworkException: the functions cannot be served.
        SystemExit: the server ended otherwise than by being told to stop once.
    """
    from functions_framework.loading.given import functions_given, source_given
    from functions_framework.loading.load import running_source
    from functions_framework.settings.given import settings_given

    source = running_source()
    if source is not None:
        raise InvalidConfigurationException(
            f"{source} calls functions_framework.serve while it is being loaded. Put the call "
            "under: if __name__ == '__main__'"
        )
    chosen = settings_given(_CALLER, settings, _NOT_HERE)
    named = functions_given(_CALLER, functions, chosen.signature_type)
    from .start import serve as run
    from .worker.build import of_functions

    code = run(chosen, of_functions(named, source_given(named[0]), chosen))
    if code:
        sys.exit(code)
