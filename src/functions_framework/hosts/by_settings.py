"""What the settings say of functions: formats of events, origins that may call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.runtime.values import replace
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Host, SocketHost

    from .cors import Rules
    from .routes import Routes


def with_event_settings(functions: Sequence[Function], settings: Settings) -> Sequence[Function]:
    """The functions with what the settings say of events, where they say nothing themselves."""
    said: dict[str, Any] = {}
    if settings.event_format != "binary":
        said["reply_format"] = settings.event_format
    if settings.webhook_origins != "*":
        names = settings.webhook_origins.split(",")
        said["webhook_origins"] = tuple(name.strip().lower() for name in names)
    if not said:
        return functions
    return [replace(function, options={**said, **function.options}) for function in functions]


def with_cors(
    host: Host, sockets: SocketHost | None, functions: Sequence[Function], given: str | None
) -> tuple[Host, SocketHost | None]:
    """The hosts with cross-origin rules around them, themselves where nobody set any.

    Raises:
        InvalidConfigurationException: a function's `cors=` is malformed.
    """
    rules = cors_rules(functions, given)
    if rules is None:
        return host, sockets
    if host.is_async:
        from .asgi.cors import AsyncCORS

        return AsyncCORS(host, rules), checked_sockets(sockets, rules)
    from .wsgi.cors import SyncCORS

    return SyncCORS(host, rules), checked_sockets(sockets, rules)


def checked_sockets(sockets: SocketHost | None, rules: Routes[Rules]) -> SocketHost | None:
    """What converses, with those pages alone whose origins the rules allow."""
    if sockets is None:
        return None
    from .asgi.origin_check import OriginCheck

    return OriginCheck(sockets, rules)


def cors_rules(functions: Sequence[Function], given: str | None) -> Routes[Rules] | None:
    """Which cross-origin rules hold where, None where nobody set any; raises as `with_cors`."""
    if given is None and not any("cors" in function.options for function in functions):
        return None
    from .cors import cors_routes

    return cors_routes(functions, given)


def as_environ_says(function: Function) -> tuple[Sequence[Function], str | None]:
    """A function with what the environment says of it, and the store of idempotent calls."""
    names = ["event_format", "webhook_origins", "idempotency_store"]
    settings = Settings.load(names=names)
    return with_event_settings([function], settings), settings.idempotency_store


def cors_setting() -> str | None:
    """What the environment says of origins."""
    return Settings.load(names=["cors"]).cors
