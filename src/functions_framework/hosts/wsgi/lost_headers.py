"""Events with a header that our server's sync side loses, as its bytes are not ASCII (Granian 2.8).

The sender is told what it may do, and the log what its operator may: Eventarc sends the names of
documents as they are, and nobody can have it encode them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.exceptions import MalformedRequest
from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = own_logger("functions_framework.server")
_told: set[str] = set()
_LONGEST_NAME = 40


def refusal_of(attributes: Mapping[str, str]) -> MalformedRequest:
    """The refusal of an event one of whose attributes is empty; the first is told in the log."""
    if not _told:
        name = next(name for name, value in attributes.items() if not value)
        _told.add(name)
        _log.warning(
            "An event was refused: its ce-%s header is empty or holds bytes that are not ASCII, "
            "which the server cannot hand to a plain def. Serve it with --asgi "
            "(FUNCTION_USE_ASGI=true), or by an async def. Other such events are not told of.",
            name[:_LONGEST_NAME],
        )
    return MalformedRequest(
        "A ce- header is empty or holds bytes that are not ASCII. Percent-encode them (CloudEvents "
        "HTTP binding, section 3.1.3.2), or serve the function with --asgi."
    )
