"""Objects that live as long as a worker: made when first asked for, closed at its end."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, cast

from .registrations import pending

T = TypeVar("T")
_UNSET: Any = object()


def resource(make: Callable[[], Any]) -> Resource[Any]:
    """Turn a function that makes an object into one that gives the one object of this worker.

    Args:
        make: takes no arguments. It returns the object, or yields it once and cleans up after;
            `async def` is awaited as `await db()`. An object that is a context manager is entered
            when it is made and left at shut-down.

    Raises:
        TypeError: `make` takes arguments.
    """
    parameters = inspect.signature(make).parameters.values()
    if any(item.default is item.empty and item.kind < item.VAR_POSITIONAL for item in parameters):
        raise TypeError(
            f"@resource expects a function without arguments, {make.__name__!r} has some. "
            "Read what it needs from the environment or from another resource."
        )
    made: Resource[Any] = Resource(make)
    pending().resources.append(made)
    return made


class Resource(Generic[T]):
    """Gives one object, made at the first call.

    Attributes:
        is_made: whether the object exists.
        made_at: `time.monotonic()` when it was made.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        functools.update_wrapper(self, make)
        self._make = make
        self._is_async = inspect.iscoroutinefunction(make) or inspect.isasyncgenfunction(make)
        self._lock = threading.Lock()
        self._making: asyncio.Task[T] | None = None
        self._value: Any = _UNSET
        self._close: Callable[[], Any] | None = None
        self._override: Any = _UNSET
        self.made_at = 0.0

    @property
    def is_made(self) -> bool:
        """Whether the object exists."""
        return self._value is not _UNSET

    def __call__(self) -> Any:
        """The object of this worker, or an awaitable of it when it is made by `async def`.

        Every caller sees the exception of a failed making; the next call tries again.
        """
        value = self._override if self._override is not _UNSET else self._value
        if self._is_async:
            return self._awaited(value)
        if value is not _UNSET:
            return value
        with self._lock:
            if self._value is _UNSET:
                self._keep(*_opened(self._make()))
            return self._value

    async def _awaited(self, value: Any) -> T:
        if value is not _UNSET:
            return cast("T", value)
        if self._making is None:
            self._making = asyncio.ensure_future(self._make_async())
            self._making.add_done_callback(self._forget)
        # A caller that is cancelled must not take the object from the others.
        return await asyncio.shield(self._making)

    def _forget(self, task: asyncio.Task[T]) -> None:
        self._making = None
        if not task.cancelled():
            task.exception()  # seen by whoever awaited; not "never retrieved"

    async def _make_async(self) -> T:
        made = self._make()
        if inspect.isasyncgen(made):
            value = await anext(made)
            self._keep(value, functools.partial(_finish_async, made))
            return cast("T", value)
        value = await made
        if hasattr(value, "__aenter__"):
            entered = await value.__aenter__()
            self._keep(entered, functools.partial(value.__aexit__, None, None, None))
            return cast("T", entered)
        self._keep(*_opened(value))
        return cast("T", self._value)

    def _keep(self, value: Any, close: Callable[[], Any] | None) -> None:
        self._value, self._close, self.made_at = value, close, time.monotonic()

    def close(self) -> Any:
        """Close the object; it is made afresh at the next call.

        Returns:
            An awaitable where closing needs one.
        """
        close, self._close, self._value = self._close, None, _UNSET
        return close() if close else None

    @contextmanager
    def override(self, value: T) -> Iterator[None]:
        """Give `value` instead of the object, inside a `with` block of a test."""
        before, self._override = self._override, value
        try:
            yield
        finally:
            self._override = before


def _opened(made: Any) -> tuple[Any, Callable[[], Any] | None]:
    if inspect.isgenerator(made):
        return next(made), functools.partial(_finish, made)
    if hasattr(made, "__enter__") and hasattr(made, "__exit__"):
        return made.__enter__(), functools.partial(made.__exit__, None, None, None)
    return made, None


def _finish(generator: Generator[Any, None, None]) -> None:
    if next(generator, _UNSET) is not _UNSET:
        generator.close()
        raise RuntimeError("A resource must yield once, this one yielded again.")


async def _finish_async(generator: AsyncGenerator[Any, None]) -> None:
    if await anext(generator, _UNSET) is not _UNSET:
        await generator.aclose()
        raise RuntimeError("A resource must yield once, this one yielded again.")
