"""The gate on the way out as a layer, for what must see the reply that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .layered import layered
from .outgoing import passed

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Host
    from functions_framework.model.message import Reply

    from .layers import Head, Steps


def gated(host: Host) -> Host:
    """The host, with replies as they are sent; passing the gate a second time changes nothing."""
    return layered(host, Gate(is_text_only=not host.is_async))


class Gate:
    """See `outgoing`.

    Args:
        is_text_only: as there.
    """

    def __init__(self, *, is_text_only: bool) -> None:
        self._is_text_only = is_text_only

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        given: Reply = yield None
        sent = passed(given, head.method, head, is_text_only=self._is_text_only)
        if isinstance(sent.body, bytes) and not isinstance(given.body, bytes):
            body: Any = given.body
            close = getattr(body, "aclose", None) or getattr(body, "close", None)
            if close is not None:
                yield close
        return sent
