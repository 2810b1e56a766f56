"""AWS Lambda: the handler of functions that the usual variables name, or of those it is given.

`functions_framework.platforms.aws_lambda.handler` is what a Lambda function's handler is set to;
`FUNCTION_TARGET`, `FUNCTION_SOURCE` and the other variables say what it calls. It is made when
Lambda first asks for it, which is while the execution environment is initialized.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .loading import handler_of as handler_of
    from .sandbox import Sandbox

    handler: Sandbox

__all__ = ["handler", "handler_of"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from functions_framework.exceptions import FunctionsFrameworkException

    from . import loading

    try:
        value = loading.handler_of if name == "handler_of" else loading.handler_of_settings()
    except FunctionsFrameworkException as error:
        # Lambda logs the traceback, of which nothing is the user's.
        raise error.with_traceback(None) from None
    globals()[name] = value
    return value
