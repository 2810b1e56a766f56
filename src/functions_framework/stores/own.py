"""A user's own store, whose methods are sync or async, asked from threads and event loops."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.crossing import run_in_thread, wait_for

from .interface import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .interface import IdempotencyStore


class OwnStore:
    """Asks a store of the user's.

    Args:
        store: has the three methods.
    """

    def __init__(self, store: IdempotencyStore) -> None:
        self._store = store

    def ask(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait in this thread.

        Raises:
            StoreError: the method raised something.
        """
        try:
            answer = self._method(method)(*arguments)
            return wait_for(lambda: answer) if inspect.isawaitable(answer) else answer
        except Exception as error:
            raise _failed(error) from error

    async def ask_async(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait on this event loop: what is not async, in a thread.

        Raises:
            StoreError: the method raised something.
        """
        call = self._method(method)
        try:
            if inspect.iscoroutinefunction(call):
                return await call(*arguments)
            answer = await run_in_thread(call, *arguments)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            raise _failed(error) from error

    def _method(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._store, name)
        return found


def _failed(error: Exception) -> StoreError:
    return StoreError(f"{type(error).__name__}: {error}")
