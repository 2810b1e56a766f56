"""The one event loop of an execution environment: it runs while a call does, and is frozen else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from functions_framework.calls.answers_async import answer_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from functions_framework.calls.answers import Answer
    from functions_framework.model.interfaces import AsyncHost, Scope

T = TypeVar("T")


class Loop:
    """Runs what is async, in the thread that calls."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns."""
        return self._loop.run_until_complete(coroutine)

    def answer(self, host: AsyncHost, scope: Scope, body: bytes) -> Answer:
        """Have a host answer a request."""
        return self._loop.run_until_complete(answer_of(host, scope, body))
