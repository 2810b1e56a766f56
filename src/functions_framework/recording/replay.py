"""From a recording to the request that is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.model.request import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .value import Recording

# The connection's own (RFC 9110, section 7.6.1), and what follows from the body that is sent.
_NOT_SENT = frozenset({
    "connection", "content-length", "expect", "function-execution-id", "keep-alive",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


def why_not(recording: Recording) -> str | None:
    """Why a recording cannot be replayed, None if it can."""
    body = recording.request.body
    if body.omitted is not None:
        return f"the request's body was not recorded: {body.omitted}"
    if body.is_truncated:
        return f"the request's body of {body.size} bytes was not recorded to its end"
    return None if recording.response else "it was ended before it was answered"


def request_of(recording: Recording, headers: Sequence[tuple[str, str]] = ()) -> Request:
    """The request of a recording.

    Args:
        recording: one that can be replayed.
        headers: what is sent in place of, or beside, the recorded headers.
    """
    asked = recording.request
    given = {name.lower() for name, _ in headers}
    kept = [
        (name, value)
        for name, value in asked.headers
        if name not in _NOT_SENT and name.lower() not in given
    ]
    return Request(asked.method, asked.path, asked.query, (*kept, *headers), asked.body.content)
