"""Puts a layer around a host, on the side the host is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Host

    from .asgi.layer_driver import AsyncLayered
    from .layers import Layer
    from .wsgi.layer_driver import SyncLayered


def layered(host: Host, layer: Layer) -> SyncLayered | AsyncLayered:
    """The host with a layer around it."""
    if host.is_async:
        from .asgi.layer_driver import AsyncLayered

        return AsyncLayered(host, layer)
    from .wsgi.layer_driver import SyncLayered

    return SyncLayered(host, layer)
