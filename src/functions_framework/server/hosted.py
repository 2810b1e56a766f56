"""What the server asks of a host: the shapes, and nothing that runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.model.message import Reply

Environ = dict[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class SyncHost(Protocol):
    """Answers one WSGI environ at a time, on the thread that calls it; raises no `Exception`.

    One whose `reads_request_only` is True is given the request alone, without what PEP 3333 wants
    beside it.
    """

    @property
    def is_async(self) -> bool:
        """False."""

    def respond(self, environ: Environ) -> Reply:
        """Decode, call the function, encode."""


class AsyncHost(Protocol):
    """Answers an ASGI scope on the event loop; raises no `Exception` but a cancellation."""

    @property
    def is_async(self) -> bool:
        """True."""

    def respond(self, scope: Scope, receive: Receive) -> Awaitable[Reply]:
        """Decode, call the function, encode."""


Host = SyncHost | AsyncHost


class Hosted(NamedTuple):
    """A host and what it serves.

    Attributes:
        host: answers requests; its `is_async` says which kind it is.
        name: the names of the functions, for logs.
        what: the functions with how they are called and where, for the start-up line.
        lifecycle: what runs before the port opens and after the last call.
        outlives: whether the async call of a path goes on when its client has left; None where
            none does.
    """

    host: Host
    name: str
    what: str
    lifecycle: Lifecycle
    outlives: Callable[[str], bool] | None = None


Build = Callable[[], Hosted]
"""Loads the user's module and makes its host; called in the worker, after the fork."""
