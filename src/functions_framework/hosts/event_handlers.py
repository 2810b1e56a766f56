"""Functions that share a path and take CloudEvents by type, as the one function of that path.

An event that none of them wants is dropped, as if a function had said so: its sender is answered in
its own words, `on_dropped` is told, and there is one record for each type.
"""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any, cast

from functions_framework.exceptions import Drop
from functions_framework.model.execution import execution
from functions_framework.model.function import Function, Signature
from functions_framework.runtime.threads import SPARE
from functions_framework.signatures import codec_of
from functions_framework.signatures.event_routes import EventRoutes, Handler, Routed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions_framework.runtime.threads import Start
    from functions_framework.signatures.event_routes import HandlerCodec

_MOST_TYPES = 1000
"""Types that are remembered: whoever makes up new ones all the time gets no more records."""
_SHARED = ("on_dropped", "webhook_origins")


def grouped(functions: Sequence[Function], start: Start | None = None) -> list[Function]:
    """The functions, in place of those with `type=` one for each path that they share.

    Args:
        functions: served together.
        start: runs plain functions in a thread, for an event loop.

    Raises:
        InvalidConfigurationException: two of them take the same events.
        FunctionsFrameworkException: one of them cannot be served.
    """
    groups: dict[str | None, list[Function]] = {}
    for function in functions:
        if "types" in function.options:
            groups.setdefault(function.path, []).append(function)
    if not groups:
        return list(functions)
    others = [function for function in functions if "types" not in function.options]
    is_alone = not others and groups.keys() == {None}
    shared = None if is_alone else "/"
    made = [_Group(items, start).function(path or shared) for path, items in groups.items()]
    return [*others, *made]


class _Group:
    """Functions of one path."""

    def __init__(self, functions: Sequence[Function], start: Start | None) -> None:
        self._functions = functions
        self._start = start or SPARE.start
        self._routes = EventRoutes(
            [Handler(item, cast("HandlerCodec", codec_of(item))) for item in functions]
        )
        self._unwanted: set[str] = set()
        self._lock = threading.Lock()

    def function(self, path: str | None) -> Function:
        """The function that calls them."""
        first = self._functions[0]
        is_asgi = any(item.is_asgi for item in self._functions)
        options = {name: first.options[name] for name in _SHARED if name in first.options}
        return Function(
            self._call_async if is_asgi else self._call,
            ",".join(item.name for item in self._functions),
            Signature.CLOUDEVENT,
            is_async=is_asgi,
            is_asgi=is_asgi,
            path=path,
            options={**options, "routes": self._routes},
        )

    def _call(self, routed: Routed) -> Any:
        function, encode = self._opened(routed)
        return encode(function.call(*routed.arguments))

    async def _call_async(self, routed: Routed) -> Any:
        function, encode = self._opened(routed)
        if function.is_async:
            return encode(await function.call(*routed.arguments))
        from functions_framework.runtime.crossing import run_in_thread

        result = await run_in_thread(function.call, *routed.arguments, start=self._start)
        return encode(await result if inspect.isawaitable(result) else result)

    def _opened(self, routed: Routed) -> tuple[Function, Callable[[Any], Any]]:
        handler = routed.handler
        if handler is None:
            kind: str = routed.cloud_event["type"]
            raise Unwanted(kind, self._routes.types, is_recorded=self._is_news(kind))
        running = execution.get()
        if running is not None:
            running.function = handler.function
        return handler.function, handler.codec.encode

    def _is_news(self, kind: str) -> bool:
        with self._lock:
            if kind in self._unwanted or len(self._unwanted) >= _MOST_TYPES:
                return False
            self._unwanted.add(kind)
            return True


class Unwanted(Drop):
    """An event of a type that no function takes."""

    decided_by = "The server"

    def __init__(self, kind: str, taken: Sequence[str], *, is_recorded: bool) -> None:
        super().__init__(
            f"no function takes events of the type {kind!r}, only of {', '.join(taken)}"
        )
        self.is_recorded = is_recorded
