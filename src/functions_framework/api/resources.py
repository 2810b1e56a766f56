"""Objects that live as long as a worker: made when first asked for, closed at its end."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import place_of

from .registrations import pending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator

V = TypeVar("V")
R = TypeVar("R")
_UNSET: Any = object()
# What each thread and task that makes a resource has asked for and not got, the last one last.
_asking: dict[object, list[Resource[Any, Any]]] = {}
_looking = threading.Lock()


@overload
def resource(make: Callable[[], Coroutine[Any, Any, V]]) -> Resource[V, Awaitable[V]]: ...
@overload
def resource(make: Callable[[], AsyncIterator[V]]) -> Resource[V, Awaitable[V]]: ...
@overload
def resource(make: Callable[[], Iterator[V]]) -> Resource[V, V]: ...
@overload
def resource(make: Callable[[], V]) -> Resource[V, V]: ...


def resource(make: Callable[[], Any]) -> Resource[Any, Any]:
    """Turn a function that makes an object into one that gives the one object of this worker.

    Args:
        make: takes no arguments. It returns the object, or yields it once and cleans up after;
            `async def` is awaited as `await db()`. An object that is a context manager is entered
            when it is made and left at shut-down.

    Raises:
        InvalidConfigurationException: `make` takes arguments.
    """
    parameters = inspect.signature(make).parameters.values()
    if any(item.default is item.empty and item.kind < item.VAR_POSITIONAL for item in parameters):
        raise InvalidConfigurationException(
            f"The resource {make.__name__!r} ({place_of(make)}) takes arguments; @resource expects "
            "a function without any. Read what it needs from the environment or from another "
            "resource."
        )
    made: Resource[Any, Any] = Resource(make)
    pending().resources.append(made)
    return made


class Resource(Generic[V, R]):
    """Gives one object, made at the first call.

    Attributes:
        is_made: whether the object exists.
        made_at: `time.monotonic()` when it was made.
    """

    __name__: str

    def __init__(self, make: Callable[[], Any]) -> None:
        functools.update_wrapper(self, make)
        self._make = make
        self._is_async = inspect.iscoroutinefunction(make) or inspect.isasyncgenfunction(make)
        self._lock = threading.Lock()
        self._making: asyncio.Task[V] | None = None
        self._maker: object = None  # the thread or the task that makes it
        self._value: Any = _UNSET
        self._close: Callable[[], Any] | None = None
        self._override: Any = _UNSET
        self.made_at = 0.0

    @property
    def is_made(self) -> bool:
        """Whether the object exists."""
        return self._value is not _UNSET

    def __call__(self) -> R:
        """The object of this worker, or an awaitable of it when it is made by `async def`.

        Every caller sees the exception of a failed making; the next call tries again.

        Raises:
            RuntimeError: what makes it needs it itself.
        """
        value = self._override if self._override is not _UNSET else self._value
        if self._is_async:
            made: Any = self._awaited(value)
            made.__qualname__ = self.__name__  # as Python names what nobody awaits
            return cast("R", made)
        if value is not _UNSET:
            return cast("R", value)
        me = threading.get_ident()
        asking = _asking.setdefault(me, [])
        try:
            with self._asked_by(me, asking), self._lock:
                if self._value is _UNSET:
                    self._make_for(me)
                return cast("R", self._value)
        finally:
            if not asking:
                del _asking[me]

    def _make_for(self, me: object) -> None:
        self._maker = me
        try:
            self._keep(*self._opened(self._make()))
        finally:
            self._maker = None

    @contextmanager
    def _asked_by(self, me: object, asking: list[Resource[Any, Any]]) -> Iterator[None]:
        """Wait inside, unless that were for ever: who makes it waits for what is made here."""
        with _looking:
            path: list[Resource[Any, Any]] = [self]
            while (maker := path[-1]._maker) is not None:  # noqa: SLF001 - of this class
                if maker == me:
                    at = asking.index(path[-1]) if path[-1] in asking else len(asking)
                    circle = [*(asking[at:] or path[-1:]), *path]
                    names = " > ".join(repr(one.__name__) for one in circle)
                    raise RuntimeError(f"A resource needs itself to be made: {names}.")
                wanted = _asking.get(maker, [])[-1:]
                if not wanted or wanted == path[-1:]:  # it runs
                    break
                path += wanted
            asking.append(self)
        try:
            yield
        finally:
            asking.remove(self)

    async def _awaited(self, value: Any) -> V:
        if value is not _UNSET:
            return cast("V", value)
        if self._making is None:
            self._maker = self._making = asyncio.ensure_future(self._make_async())
            _asking[self._making] = []
            self._making.add_done_callback(self._forget)
        me = asyncio.current_task()
        # A caller that makes nothing is waited for by nobody.
        with self._asked_by(me, _asking[me]) if me in _asking else nullcontext():
            # One that is cancelled must not take the object from the others.
            return await asyncio.shield(self._making)

    def _forget(self, task: asyncio.Task[V]) -> None:
        self._making = self._maker = None
        del _asking[task]
        if not task.cancelled():
            task.exception()  # seen by whoever awaited; not "never retrieved"

    async def _make_async(self) -> V:
        made: Any = self._make()
        if inspect.isasyncgen(made):
            value = await anext(made, _UNSET)
            self._keep(self._yielded(value), functools.partial(self._finish_async, made))
        else:
            value = await made
            if hasattr(value, "__aenter__"):
                entered = await value.__aenter__()
                self._keep(entered, functools.partial(value.__aexit__, None, None, None))
            else:
                self._keep(*self._opened(value))
        return cast("V", self._value)

    def _opened(self, made: Any) -> tuple[Any, Callable[[], Any] | None]:
        if inspect.isgenerator(made):
            value = self._yielded(next(made, _UNSET))
            return value, functools.partial(self._finish, made)
        if hasattr(made, "__enter__") and hasattr(made, "__exit__"):
            return made.__enter__(), functools.partial(made.__exit__, None, None, None)
        return made, None

    def _yielded(self, value: Any) -> Any:
        if value is _UNSET:
            raise self._fault("yielded nothing")
        return value

    def _fault(self, what: str) -> RuntimeError:
        place = f"{self.__name__!r} ({place_of(self._make)})"
        return RuntimeError(f"The resource {place} {what}: it must yield its object once.")

    def _finish(self, generator: Any) -> None:
        if next(generator, _UNSET) is not _UNSET:
            generator.close()
            raise self._fault("yielded again")

    async def _finish_async(self, generator: Any) -> None:
        if await anext(generator, _UNSET) is not _UNSET:
            await generator.aclose()
            raise self._fault("yielded again")

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
    def override(self, value: V) -> Iterator[None]:
        """Give `value` instead of the object, inside a `with` block of a test."""
        before, self._override = self._override, value
        try:
            yield
        finally:
            self._override = before
