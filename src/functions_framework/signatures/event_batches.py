"""CloudEvent functions that take a whole batch: all its events in one call, as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events.binding import STRUCTURED_TYPE
from functions_framework.events.webhooks import is_validation
from functions_framework.exceptions import BatchOfEvents, RequestRefused

if TYPE_CHECKING:
    from functions_framework.model.message import Message, Reply

    from .codec import Codec


class WholeBatches:
    """A codec whose function is called with a list of events, of one where one was sent.

    Args:
        codec: reads single events, and writes replies.

    Attributes:
        methods: the HTTP methods that reach the function.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.methods = codec.methods

    def decode(self, message: Message) -> tuple[list[Any]]:
        """Read all events of a request.

        Raises:
            RequestRefused: it holds none, or one that is malformed.
        """
        try:
            return (list(self._codec.decode(message)),)
        except BatchOfEvents as batch:
            if is_validation(message.header("aeg-event-type")):
                raise  # the host answers it
            alone = message._replace(content_type=STRUCTURED_TYPE, attributes={})
            return ([self._decoded(alone, *item) for item in enumerate(batch.events)],)

    def _decoded(self, message: Message, index: int, event: bytes) -> Any:
        try:
            return self._codec.decode(message._replace(body=event))[0]
        except RequestRefused as fault:
            raise type(fault)(f"Event {index} of the batch: {fault}") from None

    def encode(self, result: Any) -> Reply:
        """The reply to what the function returned."""
        return self._codec.encode(result)
