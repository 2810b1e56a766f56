"""What is logged of idempotent calls: what was answered without a call, and broken promises."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from functions_framework.stores.interface import StoreError

_log = own_logger("functions_framework.idempotency")


def _fields(outcome: str, key: str) -> dict[str, dict[str, str]]:
    return {"json_fields": {"verdict": outcome, "idempotency_key": key}}


def answered_again(key: str) -> None:
    """A repeated call got the response of the first."""
    _log.info("A repeated call was answered as the first was.", extra=_fields("duplicate", key))


def in_progress(key: str) -> None:
    """A request came while the first with its key was in progress."""
    _log.info(
        "A repeated request was refused: the first is in progress.", extra=_fields("retry", key)
    )


def away(error: StoreError) -> None:
    """A request was refused because its key could not be looked up."""
    _log.error("A request was refused: the store of idempotent calls cannot be used: %s", error)


def not_kept(key: str, error: StoreError) -> None:
    """A call was made, and its response is not known to its twins."""
    _log.error(
        "The response of a call could not be kept, and it is made again if it is asked for again "
        "after its lease: the store of idempotent calls cannot be used: %s",
        error,
        extra=_fields("not-kept", key),
    )


def not_freed(key: str, error: StoreError) -> None:
    """A call failed and could not free its key."""
    _log.error(
        "The key of a failed call could not be freed, and is held until its lease ends: the store "
        "of idempotent calls cannot be used: %s",
        error,
        extra=_fields("not-freed", key),
    )


def late(key: str) -> None:
    """A call ran longer than its lease, and another one was made meanwhile."""
    _log.warning(
        "A call took longer than its lease, and was made a second time meanwhile; the response of "
        "the second is kept.",
        extra=_fields("made-twice", key),
    )


def warn_of_default() -> None:
    """The default store is one instance's own, where there may be others."""
    if os.environ.get("K_SERVICE"):
        _log.warning(
            "Idempotent calls are kept in a file of this instance, which others do not see. Set "
            "--idempotency-store to a Redis server that all of them use."
        )
