"""What a CloudEvent function's result is worth: a reply, where it is an event or made into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events.replies import ReplyForm, encode, events_in, of_data

from .annotations import MISSING, resolve, return_annotation
from .results import compact_json, taken
from .typed import data_json, writer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.function import Function
    from functions_framework.model.message import Reply

    from .types.checked_type import CheckedType


class EventReplies:
    """Turns the results of one function into responses.

    Args:
        function: its options say how replies are sent: `reply_type`, `reply_source` and
            `reply_format`.

    Raises:
        FunctionsFrameworkException: its return annotation cannot be resolved.
    """

    def __init__(self, function: Function) -> None:
        options = function.options
        self._form = ReplyForm(
            options.get("reply_source") or f"/{function.name}",
            options.get("reply_type"),
            options.get("reply_format") == "structured",
        )
        self._writer = _writer_of(function.call) if self._form.type else None

    def encode(self, result: object) -> Reply:
        """The response to what the function returned, which is not None.

        Raises:
            ValueError: it is an event that cannot be sent.
            UnsendableError: the function's work isn't done.
        """
        events = events_in(result, self._form)
        if events is not None:
            return encode(result, events, self._form)
        if self._form.type is None:
            return taken(result)
        event = of_data(*self._data(result), self._form)
        return encode(event, [event], self._form)

    def _data(self, result: object) -> tuple[bytes, str]:
        if isinstance(result, (bytes, bytearray)):
            return bytes(result), "application/octet-stream"
        if self._writer is not None:
            return self._writer.to_json(result), "application/json"
        return data_json(result) or compact_json(result), "application/json"


def _writer_of(call: Callable[..., Any]) -> CheckedType | None:
    written = return_annotation(call)
    if written is MISSING:
        return None
    found = resolve(call, written)
    return None if found is type(None) else writer_of(found)
