"""The decorators that say how a function is called; they mark it and return it unchanged."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from functions_framework.model.function import Mark, Signature, refuse_path

if TYPE_CHECKING:
    from .cors import CORS

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
    """Serve a function of a request: `flask.Request` for `def`, Starlette's for `async def`.

    Args:
        function: called with the request; returns what
            `functions_framework.signatures.results` lists.
        path: the path it owns where several functions share a port; `/<name>` by default.
        cors: who may call it from a browser: True for every origin, one origin, or a `CORS`.
        cancel_on_disconnect: whether an `async def` is cancelled when its client has left. Calls of
            a plain `def` always go on; a stream ends in any case, as nobody is left to take it.
    """
    return put(http_mark(path=path, cors=cors, cancel_on_disconnect=cancel_on_disconnect), function)


def http_mark(
    *, path: str | None, cors: Any, cancel_on_disconnect: bool, is_asgi: bool = False
) -> Mark:
    """What `http` puts on a function; `is_asgi` is for the decorator of `aio`."""
    options = {} if cors is None else {"cors": cors}
    if not cancel_on_disconnect:
        options["cancel_on_disconnect"] = False
    return Mark(Signature.HTTP, is_asgi=is_asgi, path=path, options=options)


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
    """Serve a function of a CloudEvent (`cloudevents.http.CloudEvent`).

    Args:
        function: called with the event, and its data as a checked value if it takes a second
            parameter. A result that is an event, or a list of them, is the reply.
        path: as for `http`; functions with a `type` share `/` by default.
        type: the types of events that it is called with: one, or several; `com.example.*` is every
            type below a name, `*` what no other function takes. Functions with types share a path.
        reply_type: makes any result but None an event of this type, with the result as its data.
        reply_source: the `source` of replies that name none; `/<name>` by default.
        reply_format: whether a reply is sent in headers or as one JSON object.
        batch: whether it is called with the list of all events of a request.
        max_attempts: after how many an event that fails is dropped, where its sender counts.

    Raises:
        ValueError: an option holds what it cannot, or does not go with `batch`.
    """
    mark = event_mark(
        path=path,
        types=type,
        reply_type=reply_type,
        reply_source=reply_source,
        reply_format=reply_format,
        batch=batch or None,
        max_attempts=max_attempts,
    )
    return put(mark, function)


def event_mark(*, path: str | None, is_asgi: bool = False, **given: Any) -> Mark:
    """What `cloud_event` puts on a function; `is_asgi` is for the decorator of `aio`.

    Args:
        path: that it owns.
        is_asgi: whether it is served from the event loop.
        given: its options, None for what was not given.

    Raises:
        ValueError: one holds what it cannot.
    """
    if given["types"] is not None:
        given["types"] = _event_types(given["types"])
        if given["batch"]:
            raise ValueError("type= and batch=True: a batch holds events of any type.")
    if given["reply_format"] not in {None, "binary", "structured"}:
        raise ValueError(
            f"reply_format={given['reply_format']!r}: expected 'binary' or 'structured'."
        )
    kind = given["reply_type"]
    if kind is not None and not (isinstance(kind, str) and kind):
        raise ValueError(
            f"reply_type={kind!r}: expected the type of an event, such as 'com.example.order'."
        )
    attempts = given["max_attempts"]
    if attempts is not None and not (type(attempts) is int and attempts > 0):
        raise ValueError(f"max_attempts={attempts!r}: expected a number, 1 or more.")
    if attempts is not None and given["batch"]:
        raise ValueError("max_attempts counts single events: leave it out with batch=True.")
    options = {name: value for name, value in given.items() if value is not None}
    return Mark(Signature.CLOUDEVENT, is_asgi=is_asgi, path=path, options=options)


def _event_types(given: Any) -> tuple[str, ...]:
    from functions_framework.events.patterns import fault_of

    if isinstance(given, (set, frozenset)):
        types = tuple(sorted(given, key=str))  # in every process the same
    else:
        types = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    if not types:
        raise ValueError("type=(): expected the type of an event, or several.")
    for one in types:
        fault = fault_of(one)
        if fault:
            raise ValueError(f"type={one!r}: {fault}.")
    return types


@overload
def websocket(function: F, /) -> F: ...
@overload
def websocket(
    *, path: str | None = None, cors: bool | str | CORS | None = None
) -> Callable[[F], F]: ...


def websocket(function: Any = None, /, *, path: str | None = None, cors: Any = None) -> Any:
    """Serve an `async def` of a WebSocket, a `starlette.websockets.WebSocket`.

    Args:
        function: called with the WebSocket before it is accepted; it ends with the function.
        path: as for `http`.
        cors: pages of which origins may open it, as for `http`; those of every origin without.
    """
    options = {} if cors is None else {"cors": cors}
    return put(Mark(Signature.WEBSOCKET, path=path, options=options), function)


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
def typed(
    given: type | None = None,
    /,
    *,
    path: str | None = None,
    cors: bool | str | CORS | None = None,
) -> Callable[[F], F]: ...
@overload
def typed(given: F, /) -> F: ...
@overload
def typed(
    given: Any, /, *, path: str | None = None, cors: bool | str | CORS | None = None
) -> Callable[[F], F]: ...


def typed(given: Any = None, /, *, path: str | None = None, cors: Any = None) -> Any:
    """Serve a function of a value that is read from JSON and checked.

    Used bare, the input type is the annotation of the first parameter; `@typed(Type)` names it.

    Args:
        given: the function, or its input type.
        path: as for `http`.
        cors: as for `http`.

    Raises:
        FunctionsFrameworkException: no usable input type, or two that differ.
    """

    def mark(function: F, input_type: Any) -> F:
        from functions_framework.signatures.typed import TypedSignature

        TypedSignature(function, input_type)  # faults show where the decorator stands
        options = {} if cors is None else {"cors": cors}
        made = Mark(Signature.TYPED, input_type=input_type, path=path, options=options)
        return put(made, function)  # type: ignore[no-any-return]

    refuse_path(given)
    if inspect.isroutine(given) or isinstance(given, functools.partial):
        return mark(given, None)
    return lambda function: mark(function, given)


def put(mark: Mark, function: Any) -> Any:
    """Mark a function and return it; without one, return the decorator that does.

    Raises:
        TypeError: the function takes no attributes.
    """
    if function is None:
        return functools.partial(put, mark)
    mark.put_on(function)
    return function
