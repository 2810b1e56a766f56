"""What is said when the server is ready: what is being served, where, and with which settings."""

from __future__ import annotations

import os

from functions_framework.runtime.terminal import is_seen

from ..wire.listening import url_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.settings import Settings

    from ..messages import Ready

_EVERYWHERE = ("0.0.0.0", "::", "[::]", "")  # noqa: S104 - compared only


def startup_lines(ready: Ready, settings: Settings, port: int) -> list[str]:
    """Lines for stderr: for a person at a terminal as short as can be, else one with all there is.

    Args:
        ready: what is served.
        settings: what the user asked for.
        port: the one that was bound.
    """
    host = url_host(settings.host)
    if not is_seen():
        served = f"Serving {_served(ready)} on {_where(settings, host, port)}"
        return [", ".join([served, *_settings(ready, settings)])]
    return list(_for_a_person(ready, settings, _where(settings, reached_at(settings.host), port)))


def _where(settings: Settings, host: str, port: int) -> str:
    if settings.uds:
        return f"unix:{settings.uds}"
    return f"{'https' if settings.certfile else 'http'}://{host}:{port}"


def _served(ready: Ready) -> str:
    return ", ".join(ready.what)


def _for_a_person(ready: Ready, settings: Settings, where: str) -> Iterator[str]:
    end = f"on {where} (Ctrl-C stops)"
    line = f"Serving {_served(ready)} {end}"
    if len(line) <= _columns():
        yield line
    else:
        count = len(ready.what)
        yield f"Serving {f'{count} functions ' if count > 1 else ''}{end}"
        for one in ready.what:
            yield f"  {one}"
    if settings.debug:
        from functions_framework.console.address import PATH

        if not settings.uds:  # where no browser gets to
            yield f"Console: {where}{PATH}"
        host = [] if settings.uds else [f"host {settings.host}"]
        yield f"Settings: {', '.join([*host, *_settings(ready, settings)])}"


def reached_at(host: str) -> str:
    """What to type into a browser: nobody gets to the address of all interfaces."""
    return "localhost" if host.strip() in _EVERYWHERE else url_host(host)


def _settings(ready: Ready, settings: Settings) -> Iterator[str]:
    yield f"workers {settings.workers}"
    if not ready.is_async:
        yield f"threads {settings.threads}"
    yield f"timeout {settings.timeout:g} s" if settings.timeout else "timeout none"
    yield f"grace period {settings.grace_period:g} s"


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80
