"""What a module registered, around the functions that it was registered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.runtime.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.api.registrations import Registrations
    from functions_framework.model.function import Function
    from functions_framework.runtime.threads import Start


def with_registered(
    functions: Sequence[Function],
    registered: Registrations,
    start: Start | None = None,
    store: str | None = None,
) -> Sequence[Function]:
    """The functions with their module's hooks and middleware, themselves without any.

    Args:
        functions: served together.
        registered: what their module registered.
        start: runs sync functions in a thread, for an event loop.
        store: the address of the one for idempotent calls.

    Raises:
        InvalidConfigurationException: the calls of an idempotent function cannot be kept.
    """
    if registered.dropped_hooks:
        told = {"on_dropped": tuple(registered.dropped_hooks)}
        functions = [
            replace(function, options={**function.options, **told}) for function in functions
        ]
    if any("idempotent" in function.options for function in functions):
        from .idempotent import with_idempotency

        functions = with_idempotency(functions, registered, store, start)
    if registered.middleware:
        from functions_framework.api.middleware import wrap

        functions = [wrap(function, registered.middleware, start) for function in functions]
    if any("types" in function.options for function in functions):
        from .event_handlers import grouped

        return grouped(functions, start)
    return functions
