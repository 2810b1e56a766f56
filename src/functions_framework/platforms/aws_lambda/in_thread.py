"""Calls of sync functions, in the thread in which Lambda calls."""

from __future__ import annotations

import time
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from functions_framework.api.lifecycle import run_blocking
from functions_framework.calls.answers import Answer, answer_of
from functions_framework.exceptions import RequestTimeoutException
from functions_framework.hosts.wsgi.environ import path_of
from functions_framework.model.execution import Execution, execution

from .requests import Asked, environ_of, further_of
from .watchdog import watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.hosts.batches import Answered
    from functions_framework.logs import CallEnd
    from functions_framework.model.interfaces import Environ, SyncHost


class ThreadCalls:
    """Has a sync host answer.

    Args:
        host: the host.
        lifecycle: what runs before the first call and after the last.
        end: told of the end of each call; None where there is nothing to do.
    """

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost, lifecycle: Lifecycle, end: CallEnd | None) -> None:
        self._host = host
        self._lifecycle = lifecycle
        self._end = end

    def start(self) -> None:
        """Run the start-up hooks."""
        self._lifecycle.start_blocking()

    def stop(self) -> None:
        """Run the shut-down hooks and close the resources."""
        self._lifecycle.stop_blocking()

    def run(self, hooks: Sequence[Callable[[], Any]]) -> None:
        """Run hooks of a snapshot."""
        run_blocking(hooks)

    def answer(self, asked: Asked) -> tuple[Answer | None, Execution | None]:
        """The response to a request, None where its time was over first; and its call."""
        try:
            return watchdog.call(asked.deadline, self._answered, environ_of(asked))
        except RequestTimeoutException:
            return None, None

    def _answered(self, environ: Environ) -> tuple[Answer, Execution | None]:
        started = time.monotonic()
        answer = answer_of(self._host, environ, has_length=False)
        running = execution.get()
        if self._end is not None:
            size, seconds = len(answer.body), time.monotonic() - started
            path = path_of(environ)
            self._end(environ["REQUEST_METHOD"], path, answer.status, size, seconds)
        return answer, running

    def outcomes(
        self, asked: Asked, events: Sequence[bytes], fields: Sequence[Mapping[str, str]]
    ) -> list[Answered | None]:
        """What became of events that are handled at the same time.

        Args:
            asked: what their requests have in common.
            events: in structured mode.
            fields: further header fields of each.
        """
        from functions_framework.hosts.wsgi.event_threads import Team, shared_by_events

        environ = environ_of(asked)
        shared = shared_by_events(environ)
        requests = [
            {
                **shared,
                **further_of(found),
                "CONTENT_LENGTH": str(len(event)),
                "wsgi.input": BytesIO(event),
            }
            for event, found in zip(events, fields, strict=True)
        ]
        team = Team(self._host.respond, requests, asked.deadline)

        def work(_environ: Environ) -> None:
            team.run()

        with suppress(RequestTimeoutException):  # it came between two events
            watchdog.call(asked.deadline, work, environ)
        return team.answered
