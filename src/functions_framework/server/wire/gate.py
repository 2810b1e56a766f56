"""The server's own answers on their way to the engine: through the gate, as everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.hosts.outgoing import checked

from .drain import ending

if TYPE_CHECKING:
    from functions_framework.model.message import Reply

    from .interfaces import Answering


def answer(protocol: Answering, reply: Reply, method: str, ends: str = "") -> None:
    """Give a response of the server's own; of no effect where the client has one.

    Args:
        protocol: the engine's, of the request.
        reply: its body is whole.
        method: of the request.
        ends: the version of HTTP of a connection that ends with it, empty where it goes on.
    """
    sent = checked(reply, method)
    protocol.response_bytes(*(ending(sent, ends) if ends else sent))  # type: ignore[arg-type]
