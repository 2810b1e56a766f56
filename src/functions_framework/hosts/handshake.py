"""Whether a sender may deliver events here: the response to its question, before the first event.

Senders of CloudEvents ask by `OPTIONS` (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section
4, "abuse protection"); one that names a callback is answered at once as well. Azure Event Grid asks
so where it sends CloudEvents, and by an event that wants its code back where it sends its own
schema (Event Grid, "endpoint validation with Event Grid event schema").
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.events.webhooks import is_validation
from functions_framework.exceptions import MalformedRequest
from functions_framework.model.function import Signature
from functions_framework.model.json_text import decode_json
from functions_framework.model.message import JSON, TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.function import Function

_GRID = "eventgrid.azure.net"
_FORBIDDEN = Reply(403, [TEXT], b"Events of this origin are not taken here.\n")
_EVENTS = frozenset({Signature.EVENT, Signature.CLOUDEVENT})


def answer(function: Function, header: Callable[[str], str | None]) -> Reply | None:
    """The reply to an `OPTIONS` request for an event function, None for one that asks nothing.

    Args:
        function: whose events they would be; `webhook_origins` among its options says who may send
            them, everybody by default.
        header: a field of the request by its lower-case name, None where it is absent.
    """
    origin = header("webhook-request-origin")
    if origin is None or function.signature not in _EVENTS:
        return None
    if not _is_allowed(function, origin):
        return _FORBIDDEN
    granted = [("webhook-allowed-origin", origin.strip())]
    rate = (header("webhook-request-rate") or "").strip()
    if rate.isdecimal():  # section 4.2.2: a positive integer, or `*` for any
        granted.append(("webhook-allowed-rate", rate))
    elif rate:
        granted.append(("webhook-allowed-rate", "*"))
    return Reply(200, [*granted, ("allow", "OPTIONS, POST")], b"")


def validation(
    function: Function, body: bytes, header: Callable[[str], str | None]
) -> Reply | None:
    """The reply to Event Grid's validation event, None for a request that is none.

    Args:
        function: as for `answer`.
        body: of the request.
        header: as for `answer`.
    """
    if not is_validation(header("aeg-event-type")):
        return None
    if not _is_allowed(function, _GRID):
        return _FORBIDDEN
    code = _code_in(body)
    if code is None:
        return Reply(400, [TEXT], b"The validation event has no text as its data.validationCode.\n")
    return Reply(200, [JSON], json.dumps({"validationResponse": code}).encode())


def _code_in(body: bytes) -> str | None:
    """The code of the one event, which stands in a list (Event Grid's schema) or alone."""
    try:
        found: Any = decode_json(body)
    except MalformedRequest:
        return None
    if isinstance(found, list) and len(found) == 1:
        (found,) = found
    data = found.get("data") if isinstance(found, dict) else None
    code = data.get("validationCode") if isinstance(data, dict) else None
    return code if isinstance(code, str) else None


def _is_allowed(function: Function, origin: str) -> bool:
    allowed = function.options.get("webhook_origins", ("*",))
    return "*" in allowed or origin.strip().lower() in allowed
