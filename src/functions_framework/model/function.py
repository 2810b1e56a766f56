"""A user's function as a value: what it is called, how it is called, and what marks it carries."""

from __future__ import annotations

import functools
from enum import Enum
from types import FunctionType

from functions_framework.exceptions import (
    InvalidConfigurationException,
    InvalidTargetTypeException,
)
from functions_framework.runtime.values import field, value_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType
    from typing import Any, Literal

ATTRIBUTE = "__functions_framework__"
# What the decorators of firebase-functions leave on a function: its entry in their manifest.
FIREBASE = "__firebase_endpoint__"
RULES = "__functions_framework_idempotent__"
"""Where `idempotent` puts what it was given, beside the mark of another decorator or alone."""

# Flags of code objects, as `inspect` documents them.
_STARRED = 0x04 | 0x08
_COROUTINE = 0x80
_ASYNC_GENERATOR = 0x200
_NOT_ASYNC = "it is a plain def. Write async def {name}(socket)."
_YIELDS = "it yields, which nobody would take. Send with await socket.send_text(...)."


class Signature(str, Enum):
    """How a function is called."""

    HTTP = "http"
    EVENT = "event"
    CLOUDEVENT = "cloudevent"
    TYPED = "typed"
    WEBSOCKET = "websocket"

    def __str__(self) -> str:
        return self.value


@value_class(frozen=True)
class Mark:
    """What a decorator says of the function it decorates.

    Attributes:
        signature: how the function is called.
        is_asgi: True when the decorator asks for an ASGI host even for a plain `def`.
        input_type: the decorator's own input type (`typed` only), None when not given.
        path: the path it is served at when several functions share a port, None for `/<name>`.
        options: what else the decorator was given, by name.
    """

    signature: Signature
    is_asgi: bool = False
    input_type: Any = None
    path: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def put_on(self, target: object) -> None:
        """Attach this mark to a callable.

        Raises:
            TypeError: the callable takes no attributes (a builtin, say).
        """
        try:
            setattr(target, ATTRIBUTE, self)
        except AttributeError:
            refuse_path(target)
            raise TypeError(
                f"@{self.signature} cannot decorate {target!r}: it takes no attributes. "
                "Wrap it in a function of its own."
            ) from None


def refuse_path(given: object) -> None:
    """Say what was meant by a path where a decorator takes a function.

    Raises:
        TypeError: it is one.
    """
    if isinstance(given, str) and given.startswith("/"):
        raise TypeError(f"A decorator takes its path by name: path={given!r}.") from None


def mark_of(target: object) -> Mark | None:
    """The mark on a callable or on what it wraps (`__wrapped__`, `functools.partial`)."""
    for layer in _layers_of(target):
        mark = getattr(layer, ATTRIBUTE, None)
        if isinstance(mark, Mark):
            return mark
        endpoint = getattr(layer, FIREBASE, None)
        if endpoint is not None:
            return _mark_of_firebase(endpoint)
    return None


def _mark_of_firebase(endpoint: object) -> Mark:
    """What a decorator of Firebase's SDK says: events are CloudEvents, all else is a request."""
    is_event = getattr(endpoint, "eventTrigger", None) is not None
    return Mark(Signature.CLOUDEVENT if is_event else Signature.HTTP)


def _rules_of(target: object) -> dict[str, Any]:
    """What `idempotent` said of a callable, or of what it wraps, as an option."""
    for layer in _layers_of(target):
        rules = getattr(layer, RULES, None)
        if rules is not None:
            return {"idempotent": rules}
    return {}


def _layers_of(target: object) -> Iterator[Any]:
    seen: set[int] = set()
    while target is not None and id(target) not in seen:
        seen.add(id(target))
        yield target
        inner = target.func if isinstance(target, functools.partial) else None
        target = inner or getattr(target, "__wrapped__", None) or _revealed(target)


def _revealed(wrapper: Any) -> Any:
    """The decorated function whose place a wrapper without `functools.wraps` has taken.

    The wrapper holds it in its closure, perhaps behind others, and has its name where that was
    defined. It is told so (`__wrapped__`), for those who look for parameters and annotations.
    """
    held: list[Any] = [wrapper] if type(wrapper) is FunctionType else []
    for function in held:  # grows meanwhile
        is_inner = function is not wrapper and ATTRIBUTE in vars(function)
        if is_inner and function.__globals__.get(function.__name__) is wrapper:
            wrapper.__wrapped__ = function
            return function
        for cell in function.__closure__ or ():
            try:
                found = cell.cell_contents
            except ValueError:  # it is empty
                continue
            if type(found) is FunctionType and found not in held:
                held.append(found)
    return None


def is_async_callable(target: Any) -> bool:
    """Whether calling `target` makes a coroutine or an async generator."""
    while isinstance(target, functools.partial):
        target = target.func
    if _is_simple(target):
        return bool(target.__code__.co_flags & (_COROUTINE | _ASYNC_GENERATOR))
    import inspect

    return any(
        inspect.iscoroutinefunction(candidate) or inspect.isasyncgenfunction(candidate)
        for candidate in (target, getattr(target, "__call__", None))  # noqa: B004
    )


def protocol_of(target: object) -> Literal["asgi", "wsgi"] | None:
    """The interface an application is called by, None if it is a function of ours.

    Applications of every library are told by the names their specifications give to what they are
    called with: `(scope, receive, send)` in ASGI 3, `start_response` in PEP 3333.
    """
    required = _required_parameters(target)
    if required == ["scope", "receive", "send"]:
        return "asgi"
    return "wsgi" if len(required) == 2 and required[1] == "start_response" else None


def _required_parameters(target: Any) -> list[str]:
    if _is_simple(target):
        code = target.__code__
        return list(code.co_varnames[: code.co_argcount - len(target.__defaults__ or ())])
    import inspect

    # What an object is called by may be in a slot (Sentry's middleware for ASGI), where `inspect`
    # does not look.
    candidates: list[Any] = [target, getattr(target, "__call__", None)]  # noqa: B004
    for candidate in candidates:
        try:
            parameters = inspect.signature(candidate).parameters.values()
        except (TypeError, ValueError):
            continue  # or it is made in C, and silent about itself
        starred = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
        needed = (item for item in parameters if item.kind not in starred)
        return [item.name for item in needed if item.default is item.empty]
    return []


def _is_simple(target: object) -> bool:
    """Whether a callable is a plain `def` that tells all of itself; importing `inspect` costs."""
    return (
        type(target) is FunctionType
        and vars(target).keys() <= {ATTRIBUTE, RULES}
        and not target.__code__.co_kwonlyargcount
        and not target.__code__.co_flags & _STARRED
    )


@value_class(frozen=True)
class Function:
    """One function to serve.

    Attributes:
        call: the callable; called with what its signature decodes.
        name: the target's name, as the user wrote it.
        signature: how it is called.
        is_async: whether calling it makes a coroutine or an async generator.
        is_asgi: whether it is served by the ASGI host (always when `is_async`).
        input_type: the `typed` decorator's own argument, None when not given.
        path: the path it owns, None for every path.
        options: the decorator's further options.
        protocol: the interface of a whole application, `wsgi` or `asgi`; None for a function.
    """

    call: Callable[..., Any]
    name: str
    signature: Signature = Signature.HTTP
    is_async: bool = False
    is_asgi: bool = False
    input_type: Any = None
    path: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    protocol: Literal["asgi", "wsgi"] | None = None

    @classmethod
    def of(cls, call: Callable[..., Any], name: str, signature: Signature) -> Function:
        """Build from a loaded target: its mark, where it has one, beats `signature`.

        Raises:
            InvalidConfigurationException: `idempotent` stands on a whole application, or on a
                function of WebSockets.
            InvalidTargetTypeException: a function of WebSockets isn't a plain `async def`.
        """
        is_async = is_async_callable(call)
        mark = mark_of(call)
        protocol = None if mark else protocol_of(call)
        if protocol:
            is_asgi = protocol == "asgi"
            if _rules_of(call):
                raise InvalidConfigurationException(
                    f"@idempotent cannot protect {name!r}: it is a whole application, and not a "
                    "function that is called once for a request."
                )
            return cls(call, name, is_async=is_asgi, is_asgi=is_asgi, protocol=protocol)
        mark = mark or Mark(signature)
        if mark.signature is Signature.WEBSOCKET:
            _require_conversation(call, name, is_async=is_async)
        return cls(
            call=call,
            name=name,
            signature=mark.signature,
            is_async=is_async,
            is_asgi=is_async or mark.is_asgi,
            input_type=mark.input_type,
            path=mark.path,
            options={**mark.options, **_rules_of(call)},
        )


def _require_conversation(call: Callable[..., Any], name: str, *, is_async: bool) -> None:
    import inspect

    yields = inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call)
    if yields or not is_async:
        fault = _YIELDS if yields else _NOT_ASYNC.format(name=name)
        raise InvalidTargetTypeException(
            f"{place_of(call)}: The function {name!r} cannot converse by WebSocket: {fault}"
        )
    if _rules_of(call):
        raise InvalidConfigurationException(
            f"@idempotent cannot protect {name!r}: a WebSocket isn't a call that could be repeated."
        )


def place_of(call: Callable[..., Any]) -> str:
    """File and line where a callable is defined, as far as they are known."""
    code = code_of(call)
    if code is None:
        return getattr(call, "__module__", None) or type(call).__name__
    return f"{code.co_filename}:{code.co_firstlineno}"


def code_of(call: Callable[..., Any]) -> CodeType | None:
    """The code of a callable, the inner one where it is wrapped; None where it has none."""
    import inspect

    found: CodeType | None = getattr(inspect.unwrap(call), "__code__", None)
    return found


def described(function: Function) -> str:
    """A function's name with its file and line, for messages."""
    return f"{function.name!r} ({place_of(function.call)})"
