"""What a signature must be able to do; nothing here knows a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from functions_framework.model.message import Message, Reply


class Codec(Protocol):
    """Turns requests into arguments and results into replies."""

    @property
    def methods(self) -> frozenset[str]:
        """The HTTP methods that reach the function."""

    def decode(self, message: Message) -> tuple[Any, ...]:
        """The function's arguments.

        Raises:
            RequestRefused: the request was at fault.
        """

    def encode(self, result: object) -> Reply:
        """The reply to what the function returned."""
