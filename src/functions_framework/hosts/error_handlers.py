"""The handlers that a module registered, found in Flask's order on every host.

Werkzeug's exceptions, which handlers see, are imported where there is a handler and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from .errors import CRASH_REPLY

if TYPE_CHECKING:
    from functions_framework.model.message import Reply

Handler = Callable[..., Any]
Handled = tuple[Handler, Exception]
Asking = Generator[Handled, "Reply", "Reply"]


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

    def answer(
        self,
        error: BaseException,
        own_reply: Callable[[BaseException], Reply | None],
        log: Callable[[BaseException], object],
        *,
        is_crash: bool = False,
    ) -> Asking:
        """From an exception to its reply, rung by rung; see `errors` for their order.

        A host drives it: it calls each handler that is yielded with what is beside it, and sends
        the reply it made of the result, or throws in what the handler raised.

        Args:
            error: what was raised.
            own_reply: the reply that an exception brings along, None for a crash.
            log: is told of each crash.
            is_crash: whether the exception is one even if it stands for a status.
        """
        found = self.find(error, is_crash=is_crash)
        if found is not None:
            try:
                return (yield found)
            except BaseException as failure:  # noqa: BLE001 - as for the function itself
                error = failure
        elif not is_crash:
            reply = own_reply(error)
            if reply is not None:
                return reply
        return (yield from self.answer_crash(error, log))

    def answer_crash(self, error: BaseException, log: Callable[[BaseException], object]) -> Asking:
        """The last two rungs: a handler for 500, then the crash reply."""
        log(error)
        found = self.find_for_crash(error)
        if found is not None:
            try:
                return (yield found)
            except BaseException as failure:  # noqa: BLE001 - as for the function itself
                log(failure)
        return CRASH_REPLY
