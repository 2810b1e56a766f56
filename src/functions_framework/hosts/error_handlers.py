"""The handlers that a module registered, found in Flask's order on every host.

Werkzeug's exceptions, which handlers see, are imported where there is a handler and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Handler = Callable[..., Any]
Handled = tuple[Handler, Exception]


class ErrorHandlers:
    """The handlers one app was built with, found in Flask's order on every host.

    Args:
        registered: exception classes or status codes with their handlers; the last of equals wins.
    """

    def __init__(self, registered: Sequence[tuple[type[Exception] | int, Handler]]) -> None:
        self._slots: dict[int | None, dict[type, Handler]] = {}
        if registered:
            from .http_errors import slot_of

            for key, handler in registered:
                status, kind = slot_of(key)
                self._slots.setdefault(status, {})[kind] = handler

    def __bool__(self) -> bool:
        return bool(self._slots)

    def find(self, error: BaseException, *, is_crash: bool = False) -> Handled | None:
        """The handler for an exception with what it is called with, None if there is none.

        Args:
            error: what was raised; an exit has no handler here.
            is_crash: whether the exception is one even if it stands for a status.
        """
        if not self._slots or not isinstance(error, Exception):
            return None
        from .http_errors import as_http_error

        return self._find(error if is_crash else as_http_error(error))

    def find_for_crash(self, error: BaseException) -> Handled | None:
        """The handler for 500 with what it is called with, None if there is none."""
        if 500 not in self._slots:
            return None
        from .http_errors import as_crash

        return self._find(as_crash(error))

    def _find(self, error: Exception) -> Handled | None:
        from .http_errors import slots_of

        for status in slots_of(error):
            handlers = self._slots.get(status, {})
            for kind in type(error).__mro__:
                if kind in handlers:
                    return handlers[kind], error
        return None
