"""The body of a request that does not say whether it has one, made when somebody reads it.

Over HTTP/2 such a request is nearly always one without: what a `Body` is made of would be made for
nothing in every plain GET.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..wire.forwarded import peer_of
from .body import Body
from .sources import Collected

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ

    from ..wire.interfaces import Answering, Source
    from .body import Bounds


class LateBody(Body):
    """A `Body` of unknown length over HTTP/2 (see there)."""

    is_read = False
    _left = None
    _engines: Source

    # Not the other one's, which makes its parts. The one of C takes a third of the time.
    __init__ = object.__init__

    def of(self, environ: Environ, bounds: Bounds, protocol: Answering) -> LateBody:
        """Be the body of a request.

        Args:
            environ: of the request, with the engine's own body.
            bounds: what it is held against.
            protocol: answers the client, should it stop sending.
        """
        self._engines = environ["wsgi.input"]
        self._environ = environ
        self._bounds = bounds
        self._protocol = protocol
        self.peer = peer_of(environ)
        return self

    @cached_property
    def _source(self) -> Source:  # type: ignore[override]
        return Collected(self._engines)
