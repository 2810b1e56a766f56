"""What a worker builds for the server: a host, and what is to be known of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from functions_framework.runtime.values import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Host, SocketHost


class Hosted(NamedTuple):
    """A host and what it serves.

    Attributes:
        host: answers requests; its `is_async` says which kind it is.
        name: the names of the functions, for logs.
        what: the functions, each with how it is called and where, for the start-up line.
        lifecycle: what runs before the port opens and after the last call.
        outlives: whether the async call of a path goes on when its client has left; None where
            none does.
        functions: what is served, as the user wrote it.
        source: the file they are from, None where the settings name it.
        fault: why the source could not be loaded, with a traceback; None where it could.
        at_drain: called when the worker begins to leave, None where nobody wants to know.
        sockets: converses by WebSocket, None where nothing does.
    """

    host: Host
    name: str
    what: list[str]
    lifecycle: Lifecycle
    outlives: Callable[[str], bool] | None = None
    functions: tuple[Function, ...] = ()
    source: Path | None = None
    fault: str | None = None
    at_drain: Callable[[], object] | None = None
    sockets: SocketHost | None = None


Build = Callable[[], Hosted]
"""Loads the user's module and makes its host; called in the worker, after the fork."""
