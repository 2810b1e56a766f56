"""What a store of idempotent calls can do: the three methods, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable


class IdempotencyEntry(NamedTuple):
    """What a store holds for a key that another call has.

    Attributes:
        answer: what `finish` was given, None while that call is in progress.
        seconds: how much longer the entry holds.
    """

    answer: bytes | None
    seconds: float


class IdempotencyStore(Protocol):
    """A store of one's own, for `idempotent(store=…)`: each method `def` or `async def`.

    Whatever a method raises means that the store cannot be used now: the call is not made, and its
    sender is asked to send again.
    """

    def begin(
        self, key: str, token: str, lease: float, /
    ) -> IdempotencyEntry | Awaitable[IdempotencyEntry | None] | None:
        """Take a key, in one step that no other caller can come between.

        Args:
            key: 64 hexadecimal digits.
            token: of the call that asks, no other has the same.
            lease: seconds for which the key is held, unless `finish` or `release` comes first.

        Returns:
            None where the key was free, or its entry had expired: it is this call's now. The entry
            that holds it, otherwise.
        """

    def finish(
        self, key: str, token: str, answer: bytes, expires: float, /
    ) -> bool | Awaitable[bool]:
        """Keep the response of the call that holds a key, for this many seconds from now.

        Returns:
            False where another call has the key by now: its entry is left as it is.
        """

    def release(self, key: str, token: str, /) -> object:
        """Free the key of a call that failed, where that call still holds it."""


METHODS = ("begin", "finish", "release")
"""Those of an `IdempotencyStore`."""


class StoreError(Exception):
    """A store cannot be used; the text says which and why, on one line, without secrets."""
