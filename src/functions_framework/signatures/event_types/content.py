"""Text and JSON of decoded events whose content is a sender's own."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Generic

from functions_framework.model.json_text import loads, why_unreadable

from .event_value import EventValue

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class WithContent(EventValue, Generic[T], frozen=True, kw_only=True):
    """A decoded event with bytes in it, `PubSubMessage[Order]` with JSON of a type in these.

    Attributes:
        data: the bytes.
    """

    data: bytes = b""

    @property
    def text(self) -> str:
        """The bytes as text.

        Raises:
            UnicodeDecodeError: they are not UTF-8.
        """
        return self.data.decode()

    @functools.cached_property
    def json(self) -> T:
        """The bytes as JSON; of the type in brackets, where there is one.

        Raises:
            ValueError: they are not JSON.
        """
        try:
            return loads(self.data)  # type: ignore[no-any-return]
        except (ValueError, RecursionError) as error:
            raise ValueError(f"The data is not JSON: {why_unreadable(error)}.") from error

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`json`, of the bytes."""
        return {"json": ("data", self.data)}
