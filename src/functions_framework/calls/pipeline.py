"""A loaded function with everything around it: its host, its world, its hooks and overrides."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.api.registrations import Registrations, pending
from functions_framework.api.resources import Resource
from functions_framework.api.runs import globals_of, without_earlier_runs
from functions_framework.hosts import build
from functions_framework.hosts.with_flask.context import FlaskContext
from functions_framework.loading.load import find_source
from functions_framework.model.function import Function, Signature
from functions_framework.runtime import background_loop
from functions_framework.settings import Settings, announced
from functions_framework.settings.parsers import signature as read_signature
from functions_framework.stores.urls import MEMORY

from .compose import request_of
from .isolation import World, apart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.hosts.build import Served
    from functions_framework.model.interfaces import Host

    from .conversation import Conversation

Source = str | os.PathLike[str]
Overrides = Mapping[Any, Any]

_THREADS = 16
_TARGET = "FUNCTION_TARGET"
_OF_RESPONSES = ("event_format", "webhook_origins", "cors")


class Pipeline:
    """One function, ready to be called as the server would call it.

    Args:
        given: the function itself, or the path of its source.
        target: the function's name in the source.
        signature_type: how it is called where no decorator says so.
        environ: variables it sees; None takes one away.
        overrides: what resources give instead of what they make, by resource or by name.

    Attributes:
        functions: what is served.
        function: the first of them.
        host: what the server would hand requests to.
        module: the source's module; the function's own when that was given.
        lifecycle: the hooks and resources of the source.

    Raises:
        FunctionsFrameworkException: there is no such function, or it cannot be served.
        BaseException: whatever the source raises, unchanged.
        ValueError: an override names no resource.
    """

    def __init__(
        self,
        given: Callable[..., Any] | Source,
        target: str | None,
        signature_type: str | None,
        environ: Mapping[str, str | None] | None,
        overrides: Overrides | None,
    ) -> None:
        self._world = World(environ)
        self._entered = 0
        self._overriding = ExitStack()
        signature = read_signature(signature_type or Signature.HTTP)
        if isinstance(given, (str, os.PathLike)):
            served = self._load(given, target or self._world.environ.get(_TARGET), signature)
        else:
            served = self._take(given, target, signature)
        self.functions: list[Function] = served.functions
        self.function: Function = served.functions[0]
        self.host: Host = served.host
        self.lifecycle: Lifecycle = served.lifecycle
        self._sockets = served.sockets
        self._overrides = [(self._resource(key), value) for key, value in (overrides or {}).items()]

    def _load(self, source: Source, target: str | None, signature: Signature) -> Served:
        path = find_source(target, source)
        settings = self._settings(target=target, source=os.fspath(source), signature_type=signature)
        served = self._world.load(path, lambda: build.load_and_build(settings))
        self.module: ModuleType | None = self._world.module_of(path)
        return served

    def _take(self, call: Callable[..., Any], target: str | None, signature: Signature) -> Served:
        if not callable(call):
            raise TypeError(f"A client takes a function or the path of a source, found {call!r}.")
        name = str(target or getattr(call, "__name__", "function"))
        function = Function.of(call, name, signature)
        self._world.environ.setdefault(_TARGET, name)
        self._world.environ.setdefault("FUNCTION_SIGNATURE_TYPE", str(function.signature))
        self.module = inspect.getmodule(call)
        _copy_of_module(call, self._world.registered)
        context = FlaskContext()
        file = inspect.getsourcefile(inspect.unwrap(call)) if inspect.isfunction(call) else None
        context.source = Path(file or "main.py").absolute()
        if not context.source.is_file():
            context.get()  # whether it uses Flask cannot be read
        with apart(self._world.registered):
            return build.build([function], context, self._settings())

    def _settings(self, **given: Any) -> Settings:
        """What the variables say of responses; calls that are kept are kept in memory."""
        chosen = {**given, "threads": _THREADS, "idempotency_store": MEMORY}
        seen = {**announced.environ(), **self._world.environ}
        variables = {name: value for name, value in seen.items() if value is not None}
        return Settings.load(chosen, variables, names=_OF_RESPONSES)

    def _resource(self, key: object) -> Resource[Any, Any]:
        if isinstance(key, Resource):
            return key
        registered = self._world.registered.resources
        known = {one.__name__: one for one in registered if isinstance(one, Resource)}
        for name, value in vars(self.module).items() if self.module else ():
            if isinstance(value, Resource):
                known.setdefault(name, value)
        if key in known:
            return known[key]
        names = ", ".join(map(repr, sorted(known))) or "none"
        raise ValueError(f"No resource is named {key!r}. The source has: {names}.")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be in the source's world inside, with the overrides in place."""
        with self._world.entered():
            self._entered += 1
            if self._entered == 1:
                for resource, value in self._overrides:
                    self._overriding.enter_context(resource.override(value))
            try:
                yield
            finally:
                self._entered -= 1
                if self._entered == 0:
                    self._overriding.close()

    def conversation(
        self,
        path: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None,
        subprotocols: Sequence[str],
    ) -> Conversation:
        """A WebSocket that is yet to be asked for.

        Raises:
            ValueError: nothing here takes any, or there is no such path.
        """
        from .conversation import Conversation

        if self._sockets is None:
            raise ValueError(f"{self.function.name!r} takes requests, not WebSockets.")
        request = request_of("GET", path, headers=headers)
        return Conversation(self._sockets, request, subprotocols)

    def start(self) -> None:
        """Run the start-up hooks of a sync function."""
        if self.lifecycle.startup_hooks:
            self._run(self.lifecycle.start())

    def stop(self) -> None:
        """Run the shut-down hooks of a sync function and close its resources."""
        if self.lifecycle:
            self._run(self.lifecycle.stop())

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        calls = [*self.lifecycle.startup_hooks, *self.lifecycle.shutdown_hooks]
        calls += [one.__wrapped__ for one in self.lifecycle.resources]  # type: ignore[attr-defined]
        is_async = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
        if any(asks(call) for call in calls for asks in is_async):
            background_loop.run(coroutine)  # the loop that async parts of a sync server share
            return
        try:
            coroutine.send(None)  # nothing in it waits: it runs to its end here
        except StopIteration:
            return
        raise RuntimeError("A hook awaited something although it is a plain function.")


def _copy_of_module(call: Callable[..., Any], into: Registrations) -> None:
    """Copy what a function's module registered of what no app has taken, and leave it there."""
    name, around = getattr(call, "__module__", ""), globals_of(call)

    def is_own(item: Any) -> bool:
        found = item[1] if isinstance(item, tuple) else item
        # Another module may have had the name: a second import, another directory's `main`.
        return getattr(found, "__module__", None) == name and (
            around is None or (globals_of(item) or around) is around
        )

    copied = (
        "error_handlers",
        "startup_hooks",
        "shutdown_hooks",
        "resources",
        "middleware",
    )
    for kind in copied:
        items = getattr(into, kind)
        items += filter(is_own, getattr(pending(), kind))
        without_earlier_runs(items)
