"""Which functions need heads of requests as they came, and so the event loop's side of the server.

The sync side loses the value of a header that is not ASCII (Granian 2.8), and the names of
Firestore's documents, which Eventarc does not encode, stand in header fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.model.function import FIREBASE, Function, Signature

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED_IN_HEADERS = "google.cloud.firestore.*"


def is_for_loop(functions: Sequence[Function]) -> bool:
    """Whether functions are served from the event loop; plain ones in threads of it."""
    return any(function.is_asgi for function in functions) or any(map(_is_named, functions))


def _is_named(function: Function) -> bool:
    """Whether a function says that it takes events whose header fields hold names."""
    if function.signature not in {Signature.CLOUDEVENT, Signature.EVENT}:
        return False
    from functions_framework.events.patterns import ALL, overlap
    from functions_framework.signatures.event_parameters import event_types_of

    kinds = [*_asked_of_firebase(function.call), *event_types_of(function)]
    return any(kind != ALL and overlap(kind, _NAMED_IN_HEADERS) for kind in kinds)


def _asked_of_firebase(call: Any) -> list[str]:
    """The event type that a decorator of Firebase's SDK asks for."""
    trigger = getattr(getattr(call, FIREBASE, None), "eventTrigger", None)
    kind = trigger.get("eventType") if isinstance(trigger, dict) else None
    return [kind] if isinstance(kind, str) else []
