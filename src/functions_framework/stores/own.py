"""A user's own store, whose methods are sync or async, asked from threads and event loops.

What was begun there is not cut in the middle: a call that is cancelled, or past its deadline, waits
for it, so that a key is never held for a call that has ended.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.checkpoints import run_to_their_end
from functions_framework.runtime.crossing import run_in_thread, wait_for

from .interface import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .interface import IdempotencyStore

_PATIENCE_SECONDS = 10.0
"""How long a call that was cancelled waits for an async method."""


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
            if inspect.isawaitable(answer):
                return wait_for(lambda: _to_its_end(answer), is_kept=True)
            return answer
        except Exception as error:
            raise _failed(error) from error

    async def ask_async(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait on this event loop: what is not async, in a thread.

        Raises:
            CancelledError: this task was cancelled; it is done all the same.
            StoreError: the method raised something.
        """
        try:
            return await _to_its_end(self._asked(method, *arguments))
        except Exception as error:
            raise _failed(error) from error

    async def _asked(self, method: str, *arguments: Any) -> Any:
        call = self._method(method)
        if inspect.iscoroutinefunction(call):
            return await call(*arguments)
        answer = await run_in_thread(call, *arguments)
        return await answer if inspect.isawaitable(answer) else answer

    def _method(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._store, name)
        return found


run_to_their_end.add(OwnStore.ask.__code__)


async def _to_its_end(asked: Awaitable[Any]) -> Any:
    task = asyncio.ensure_future(asked)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        task.cancel()
        raise
    return task.result()


def _failed(error: Exception) -> StoreError:
    return StoreError(f"{type(error).__name__}: {error}")
