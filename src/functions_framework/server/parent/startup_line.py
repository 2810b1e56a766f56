"""The line that says what is being served, where, and with which settings."""

from __future__ import annotations

from ..wire.listening import url_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from ..messages import Ready


def startup_line(ready: Ready, settings: Settings, port: int) -> str:
    """One line for stderr; `port` is the one that was bound."""
    scheme = "https" if settings.certfile else "http"
    parts = [
        f"Serving {ready.what} on {scheme}://{url_host(settings.host)}:{port}",
        f"workers {settings.workers}",
    ]
    if not ready.is_async:
        parts.append(f"threads {settings.threads}")
    parts.append(f"timeout {settings.timeout:g} s" if settings.timeout else "timeout none")
    parts.append(f"grace period {settings.grace_period:g} s")
    return ", ".join(parts)
