"""What a user's module registers while it is loaded, until the app being built takes it.

Decorators that are not about one served function (error handlers, life-cycle hooks, …) record
here; whoever built an app from the module takes the records and so empties this list. No app
ever sees what another one's module registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from functions_framework.runtime.values import field, value_class

Handler = TypeVar("Handler", bound=Callable[..., Any])


class OwnObject(Protocol):
    """An object of a worker's own, as those who open and close it see it; see `resources`.

    Attributes:
        made_at: `time.monotonic()` when it was made.
    """

    __name__: str
    made_at: float

    @property
    def is_made(self) -> bool:
        """Whether the object exists."""

    def close(self) -> Any:
        """Close it; an awaitable where closing needs one."""


@value_class()
class Registrations:
    """Everything registered since the last app took its share.

    Attributes:
        error_handlers: pairs of an exception class or status code and its handler, in order.
        startup_hooks: what runs before the port opens, in order.
        shutdown_hooks: what runs after the last call, in order of registration.
        resources: the worker's own objects.
        middleware: what runs around every call, the first outermost.
        readiness_checks: what says whether a worker takes calls.
        dropped_hooks: what is told of events that are dropped.
        snapshot_hooks: what runs before a snapshot of the process.
        restore_hooks: what runs in each copy of it.
    """

    error_handlers: list[tuple[type[Exception] | int, Callable[..., Any]]] = field(
        default_factory=list
    )
    startup_hooks: list[Callable[[], Any]] = field(default_factory=list)
    shutdown_hooks: list[Callable[[], Any]] = field(default_factory=list)
    resources: list[OwnObject] = field(default_factory=list)
    middleware: list[Callable[..., Any]] = field(default_factory=list)
    readiness_checks: list[Callable[[], Any]] = field(default_factory=list)
    dropped_hooks: list[Callable[..., Any]] = field(default_factory=list)
    snapshot_hooks: list[Callable[[], Any]] = field(default_factory=list)
    restore_hooks: list[Callable[[], Any]] = field(default_factory=list)


_pending = Registrations()


def pending() -> Registrations:
    """The records no app has taken yet."""
    return _pending


def take() -> Registrations:
    """Hand over the records and start afresh; of what ran twice, those of the last time."""
    global _pending
    taken, _pending = _pending, Registrations()
    for items in vars(taken).values():
        if len(items) > 1:
            from .runs import without_earlier_runs

            without_earlier_runs(items)
    return taken


@contextmanager
def dropped_on_failure() -> Iterator[None]:
    """Forget what a source registered if it cannot be served: the next app must not get it."""
    try:
        yield
    except BaseException:
        take()
        raise


def _check_status(code: Any) -> None:
    from werkzeug.exceptions import default_exceptions

    if code not in default_exceptions:
        raise ValueError(
            f"@errorhandler expects the status code of an HTTP error such as 404, found {code}. "
            "For others, register an exception class."
        )


class DummyErrorHandler:
    """What `errorhandler` was before there was an app; kept for code that names it."""

    def __call__(self, *_: Any, **__: Any) -> DummyErrorHandler:
        """Return itself, whatever it is called with."""
        return self


def errorhandler(code_or_exception: type[Exception] | int) -> Callable[[Handler], Handler]:
    """Register a handler for an exception class or a status code, on every host and signature.

    The handler is called with the exception and returns what an http function may return. A
    handler for a status code wins over one for a class; of classes the nearest one wins.

    Args:
        code_or_exception: such as `ZeroDivisionError` or `404`.

    Raises:
        TypeError: it is neither an exception class nor a status code.
        ValueError: the code isn't that of an HTTP error.
    """
    is_class = isinstance(code_or_exception, type) and issubclass(code_or_exception, Exception)
    if not is_class and not isinstance(code_or_exception, int):
        raise TypeError(
            "@errorhandler expects an exception class or an HTTP status code, "
            f"found {code_or_exception!r}."
        )
    if not is_class:
        _check_status(code_or_exception)

    def register(handler: Handler) -> Handler:
        _pending.error_handlers.append((code_or_exception, handler))
        return handler

    return register


def refuse_uncallable(decorator: str, call: Any, told: str, count: int) -> None:
    """Say before the first call that there can be none.

    Args:
        decorator: what it was given to.
        call: what was given.
        told: what it is called with, for people.
        count: how many arguments these are.

    Raises:
        TypeError: it does not take them, or isn't a function.
    """
    import inspect

    if not callable(call):
        raise TypeError(f"@{decorator} expects a function, found {call!r}.")
    try:
        shown = inspect.signature(call)
    except (TypeError, ValueError):
        return  # in C, and says nothing of its parameters
    try:
        shown.bind(*[None] * count)
    except TypeError:
        name = getattr(call, "__name__", repr(call))
        raise TypeError(
            f"@{decorator}: {name!r} takes {shown}, and is called with {told}."
        ) from None


def refuse_generator(decorator: str, call: Any) -> None:
    """Say that a call runs nothing of it.

    Raises:
        TypeError: it yields.
    """
    import inspect

    if inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call):
        raise TypeError(
            f"@{decorator}: {call.__name__!r} yields, so that calling it would run nothing of it. "
            "What begins with a worker and ends with it is a @resource."
        )
