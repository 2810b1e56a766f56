"""The class of a decoded background event, under the name it has had since 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .events import background

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.cloud.functions_v1.context import Context


class BackgroundEvent:
    """A background event's data and context.

    Args:
        data: the payload.
        context: `eventId`, `timestamp`, `eventType` and `resource`, or None when they are given
            as keywords. Other keys and keywords are ignored.

    Attributes:
        data: the payload.
        context: a `google.cloud.functions_v1.context.Context`.
    """

    def __init__(
        self, data: Any = "", context: Mapping[str, Any] | None = None, **attributes: Any
    ) -> None:
        self.data = data
        self.context: Context = background.decode(
            {"data": data, "context": dict(context or {}), **attributes}
        ).context()
