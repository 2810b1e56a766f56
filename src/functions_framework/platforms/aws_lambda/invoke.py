"""One invoke: what it brings, until when it may take, and how its requests reach the host."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.model.execution import EXECUTION_ID, new_execution_id

from .incoming import Incoming
from .requests import Asked
from .traces import traceparent_of_invoke

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions_framework.calls.answers import Answer
    from functions_framework.hosts.batches import Answered
    from functions_framework.model.execution import Execution

    from .in_thread import ThreadCalls
    from .on_loop import LoopCalls

_EXECUTION_ID = EXECUTION_ID.lower()
_SHARE, _LONGEST_MARGIN = 0.1, 0.5
"""What is kept of the time that Lambda gives, for a late call's response to get out."""

_LONGEST = 900.0
"""Seconds that Lambda gives at most; those of who calls a handler without a context."""


class Invoke:
    """See the module.

    Args:
        payload: what it brings.
        context: Lambda's own; None, or anything else, where somebody's test calls.
        calls: who has the host answer.
        timeout: seconds the call may take at most, 0 where only Lambda limits it.

    Attributes:
        payload: the same.
        crash: what a function raised that was invoked directly, None where nothing.
        deadline: when a call is to end, in `time.monotonic()` seconds: before Lambda ends it.
    """

    def __init__(
        self, payload: Any, context: Any, calls: ThreadCalls | LoopCalls, timeout: float
    ) -> None:
        self.payload = payload
        self.crash: BaseException | None = None
        self._context = context
        self._calls = calls
        try:
            left: float = context.get_remaining_time_in_millis() / 1000
        except AttributeError:
            left = _LONGEST
        self._request_id: str = getattr(context, "aws_request_id", None) or new_execution_id()
        left -= min(left * _SHARE, _LONGEST_MARGIN)
        self.deadline = time.monotonic() + (min(left, timeout) if timeout else left)

    def answer(self, incoming: Incoming) -> tuple[Answer | None, Execution | None]:
        """The response to a request, None where its time was over first; and its call."""
        self._mark(incoming.fields)
        return self._calls.answer(self._asked(incoming))

    def post(
        self, path: str, content_type: str, body: bytes
    ) -> tuple[Answer | None, Execution | None]:
        """The response to what comes without a request, as `answer`."""
        return self.answer(_incoming(path, {"content-type": content_type}, body))

    def outcomes(
        self,
        path: str,
        content_type: str,
        events: Sequence[bytes],
        fields: Sequence[Mapping[str, str]],
    ) -> list[Answered | None]:
        """What became of events that are handled at the same time.

        Args:
            path: of the function.
            content_type: of each event.
            events: the events.
            fields: further header fields of each.
        """
        common: dict[str, str] = {"content-type": content_type}
        self._mark(common)
        every = [{_EXECUTION_ID: common[_EXECUTION_ID], **found} for found in fields]
        incoming = _incoming(path, common, b"")
        return self._calls.outcomes(self._asked(incoming), events, every)

    def _asked(self, incoming: Incoming) -> Asked:
        return Asked(incoming, self.payload, self._context, self.deadline)

    def _mark(self, fields: dict[str, str]) -> None:
        """Say which invoke, and which trace, a request belongs to."""
        fields.pop("transfer-encoding", None)  # the body is whole
        fields[_EXECUTION_ID] = self._request_id
        if "traceparent" not in fields and (found := traceparent_of_invoke(fields)):
            fields["traceparent"] = found


def _incoming(path: str, fields: dict[str, str], body: bytes) -> Incoming:
    fields["host"] = "localhost"
    return Incoming("POST", path, path, "", "", fields, body, "")
