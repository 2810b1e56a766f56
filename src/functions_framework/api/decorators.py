"""The decorators that say how a function is called; they mark it and return it unchanged."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from functions_framework.model.function import OUTLIVES_CLIENT, Mark, Signature

if TYPE_CHECKING:
    from .cors import CORS

F = TypeVar("F", bound=Callable[..., Any])


@overload
def http(function: F, /) -> F: ...
@overload
def http(*, path: str | None = None, cors: bool | str | CORS | None = None) -> Callable[[F], F]: ...


def http(function: Any = None, /, *, path: str | None = None, cors: Any = None) -> Any:
    """Serve a function of a request: `flask.Request` for `def`, Starlette's for `async def`.

    Args:
        function: called with the request; returns what
            `functions_framework.signatures.results` lists.
        path: the path it owns where several functions share a port; `/<name>` by default.
        cors: who may call it from a browser: True for every origin, one origin, or a `CORS`.
    """
    options = {} if cors is None else {"cors": cors}
    return put(Mark(Signature.HTTP, path=path, options=options), function)


@overload
def cloud_event(function: F, /) -> F: ...
@overload
def cloud_event(*, path: str | None = None) -> Callable[[F], F]: ...


def cloud_event(function: Any = None, /, *, path: str | None = None) -> Any:
    """Serve a function of a CloudEvent (`cloudevents.http.CloudEvent`).

    Args:
        function: called with the event, and with its data as a checked value if it takes a second
            parameter; its result is ignored.
        path: as for `http`.
    """
    return put(Mark(Signature.CLOUDEVENT, path=path), function)


@overload
def event(function: F, /) -> F: ...
@overload
def event(*, path: str | None = None) -> Callable[[F], F]: ...


def event(function: Any = None, /, *, path: str | None = None) -> Any:
    """Serve a background function, called with `(data, context)`.

    Args:
        function: called with the payload and a `google.cloud.functions.context.Context`.
        path: as for `http`.
    """
    return put(Mark(Signature.EVENT, path=path), function)


# A class is callable too, so the overload for input types comes first.
@overload
def typed(given: type | None = None, /, *, path: str | None = None) -> Callable[[F], F]: ...
@overload
def typed(given: F, /) -> F: ...
@overload
def typed(given: Any, /, *, path: str | None = None) -> Callable[[F], F]: ...


def typed(given: Any = None, /, *, path: str | None = None) -> Any:
    """Serve a function of a value that is read from JSON and checked.

    Used bare, the input type is the annotation of the first parameter; `@typed(Type)` names it.

    Args:
        given: the function, or its input type.
        path: as for `http`.

    Raises:
        FunctionsFrameworkException: no usable input type, or two that differ.
    """

    def mark(function: F, input_type: Any) -> F:
        from functions_framework.signatures.typed import TypedSignature

        TypedSignature(function, input_type)  # faults show where the decorator stands
        return put(Mark(Signature.TYPED, input_type=input_type, path=path), function)  # type: ignore[no-any-return]

    if inspect.isroutine(given) or isinstance(given, functools.partial):
        return mark(given, None)
    return lambda function: mark(function, given)


def outlives_client(function: F) -> F:
    """Let an async function go on when its client has left, where it would be cancelled.

    For calls that must not stop halfway. It stands above or below the other decorator. Calls of a
    plain `def` always go on; what is streamed ends in any case, as nobody is left to take it.
    """
    try:
        setattr(function, OUTLIVES_CLIENT, True)
    except AttributeError:
        raise TypeError(
            f"@outlives_client cannot decorate {function!r}: it takes no attributes. "
            "Wrap it in a function of its own."
        ) from None
    return function


def put(mark: Mark, function: Any) -> Any:
    """Mark a function and return it; without one, return the decorator that does.

    Raises:
        TypeError: the function takes no attributes.
    """
    if function is None:
        return functools.partial(put, mark)
    mark.put_on(function)
    return function
