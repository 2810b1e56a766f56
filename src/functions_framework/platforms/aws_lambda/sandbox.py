"""One function in its execution environment: loaded once, then called for each invoke."""

from __future__ import annotations

import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidPayload
from functions_framework.model.execution import DEADLINE, EXECUTION_ID

from .incoming import incoming_of
from .replies import reply_of
from .requests import environ_of, scope_of
from .shapes import Shape, keys_of, shape_of
from .traces import traceparent_of_invoke

if TYPE_CHECKING:
    from functions_framework.calls.answers import Answer
    from functions_framework.hosts.build import Served

    from .incoming import Incoming

_EXECUTION_ID = EXECUTION_ID.lower()
_HTTP = frozenset({Shape.HTTP_1, Shape.HTTP_2, Shape.ALB})
_SHARE, _LONGEST_MARGIN = 0.1, 0.5


class Sandbox:
    """A handler, as Lambda calls it.

    Args:
        served: what was loaded.
    """

    def __init__(self, served: Served) -> None:
        self._served = served
        self._is_application = any(function.protocol for function in served.functions)
        if served.host.is_async:
            from .on_loop import Loop

            self._loop = Loop()
            self._loop.run(served.lifecycle.start())
        else:
            served.lifecycle.start_blocking()

    def __call__(self, payload: Any, context: Any) -> Any:
        """Answer one invoke.

        Args:
            payload: what it brings, as Python has its JSON.
            context: Lambda's own.

        Returns:
            What JSON holds.

        Raises:
            InvalidPayload: the function cannot be called with it.
        """
        shape = shape_of(payload)
        if shape in _HTTP:
            incoming = incoming_of(payload, shape)
            return reply_of(self._answer(incoming, payload, context), shape, payload)
        names = ", ".join(function.name for function in self._served.functions)
        raise InvalidPayload(
            f"{names} takes HTTP requests, of an API, a function URL or a load balancer. This "
            f"invoke brings {keys_of(payload)}."
        )

    def _answer(self, incoming: Incoming, payload: Any, context: Any) -> Answer:
        fields = incoming.fields
        fields[_EXECUTION_ID] = context.aws_request_id
        if "traceparent" not in fields and (found := traceparent_of_invoke(fields)):
            fields["traceparent"] = found
        deadline = _deadline_of(context)
        host = self._served.host
        if host.is_async:
            scope = scope_of(incoming, payload, context, is_application=self._is_application)
            scope[DEADLINE] = deadline
            return self._loop.answer(host, scope, incoming.body)
        from functions_framework.calls.answers import answer_of

        environ = environ_of(incoming, payload, context)
        environ[DEADLINE] = deadline
        return copy_context().run(answer_of, host, environ)


def _deadline_of(context: Any) -> float:
    """When a call is to end, in `time.monotonic()` seconds: before Lambda ends all of it."""
    left: float = context.get_remaining_time_in_millis() / 1000
    return time.monotonic() + left - min(left * _SHARE, _LONGEST_MARGIN)
