"""One function in its execution environment: made once, then called for each invoke."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.telemetry.switch import is_traced

from .entries import Entries
from .invoke import Invoke
from .shapes import Shape, shape_of

if TYPE_CHECKING:
    from functions_framework.hosts.build import Served
    from functions_framework.logs import CallEnd
    from functions_framework.settings import Settings

    from .in_thread import ThreadCalls
    from .on_loop import LoopCalls

_SENDING_SECONDS = 1.0
_HTTP = frozenset({Shape.HTTP_1, Shape.HTTP_2, Shape.ALB})


class Sandbox:
    """A handler, as Lambda calls it.

    Args:
        served: what was loaded.
        settings: of them `timeout`, and whether calls are traced.
        end: told of the end of each call; None where there is nothing to do.
    """

    def __init__(self, served: Served, settings: Settings, end: CallEnd | None = None) -> None:
        self._timeout = settings.timeout
        self._is_traced = is_traced(settings)
        self._entries = Entries(served.functions)
        self.calls = _calls_of(served, end)
        self._is_calling = False
        self._is_ending = False
        self.calls.start()

    def __call__(self, payload: Any, context: Any) -> Any:
        """Answer one invoke.

        Args:
            payload: what it brings, as Python has its JSON.
            context: Lambda's own.

        Returns:
            What JSON holds.

        Raises:
            InvalidPayload: no function can be called with it.
            EventsFailed: events are to be sent again.
            BaseException: what a function raised that was invoked directly.
        """
        self._is_calling = True
        invoke = Invoke(payload, context, self.calls, self._timeout)
        try:
            return self._result(invoke)
        except Exception as error:
            # Lambda logs the traceback, and sends it to who invokes: none of these frames helps.
            if isinstance(error, FunctionsFrameworkException) or error is invoke.crash:
                raise error.with_traceback(None)  # noqa: B904 - it has its own cause
            raise
        finally:
            self._is_calling = False
            if self._is_traced:
                self._send_spans()
            if self._is_ending:
                self._end_now()

    def end(self) -> None:
        """Run the shut-down hooks, close the resources and leave; after the call in progress."""
        self._is_ending = True
        if not self._is_calling:
            self._end_now()

    def _send_spans(self) -> None:
        """Send them before Lambda freezes this process."""
        from functions_framework.telemetry.beginning import send_now

        send_now(_SENDING_SECONDS)

    def _end_now(self) -> None:
        self.calls.stop()
        sys.exit(0)

    def _result(self, invoke: Invoke) -> Any:
        payload = invoke.payload
        shape = shape_of(payload)
        if shape in _HTTP:
            from .http import reply_to

            return reply_to(invoke, shape)
        entries = self._entries
        if shape is Shape.EVENTS and (entries.events or not entries.values):
            from .deliveries import handle

            return handle(invoke, entries.only(entries.events, payload, shape))
        from . import direct

        if entries.events and (kind := direct.event_type_of(payload)) is not None:
            entry = entries.only(entries.events, payload, shape)
            return direct.handle_event(invoke, entry, kind)
        return direct.value_of(invoke, entries.only(entries.values, payload, shape))


def _calls_of(served: Served, end: CallEnd | None) -> ThreadCalls | LoopCalls:
    host = served.host
    if host.is_async:
        from .on_loop import LoopCalls

        is_application = any(function.protocol for function in served.functions)
        return LoopCalls(host, served.lifecycle, end, is_application=is_application)
    from .in_thread import ThreadCalls

    return ThreadCalls(host, served.lifecycle, end)
