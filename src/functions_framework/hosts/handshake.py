"""Whether a sender may deliver events here: the answer to its question, before the first event.

Senders such as Azure Event Grid ask by `OPTIONS` (CloudEvents, HTTP 1.1 Web Hooks for Event
Delivery, section 4, "abuse protection"); one that names a callback is answered at once as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.model.function import Signature
from functions_framework.model.message import TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.function import Function

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
    allowed = function.options.get("webhook_origins", ("*",))
    if "*" not in allowed and origin.strip().lower() not in allowed:
        return Reply(403, [TEXT], b"Events of this origin are not taken here.\n")
    granted = [("webhook-allowed-origin", origin.strip())]
    rate = header("webhook-request-rate")
    if rate is not None:
        granted.append(("webhook-allowed-rate", rate.strip()))
    return Reply(200, [*granted, ("allow", "OPTIONS, POST")], b"")
