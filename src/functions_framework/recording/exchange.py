"""One exchange while it is recorded: what was asked, then what was answered, then the recording."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

from functions_framework.model.execution import execution
from functions_framework.model.fields import PATH_CHARACTERS, as_read

from .redaction import Redactor
from .taps import Kept
from .value import VERSION, RecordedRequest, RecordedResponse, Recording, message_body

if TYPE_CHECKING:
    from functions_framework.model.message import Reply

    from .directory import Directory


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Recorder:
    """What all calls of a worker have in common.

    Attributes:
        directory: where recordings are kept.
        target: what is served.
        signature: how undecorated functions are called.
        names: further names of secrets.
    """

    directory: Directory
    target: str
    signature: str
    names: tuple[str, ...] = ()


class Exchange:
    """One request and, piece by piece, what is known of its outcome."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a request has
        self, recorder: Recorder, method: str, path: str, query: str, headers: Pairs, asked: Kept
    ) -> None:
        self._recorder = recorder
        self._request = method, path, query, headers
        self._asked = asked
        self._answer: Reply | None = None
        self._function: str | None = None
        self._time = datetime.now(timezone.utc)
        self._started = time.perf_counter()
        self._seconds = 0.0
        self._is_whole = True
        self.answered = Kept()

    def begin_answer(self, reply: Reply) -> None:
        """The host has given its reply, whose body may be a stream."""
        running = execution.get()
        if running is not None and running.function is not None:
            self._function = running.function.name
        self._answer = reply
        if isinstance(reply.body, bytes):
            self.answered.add(reply.body)
            self.stop_clock()

    def stop_clock(self, *, is_whole: bool = True) -> None:
        """The response is complete, or never will be."""
        self._seconds = time.perf_counter() - self._started
        self._is_whole = is_whole

    def keep(self) -> None:
        """Write the recording."""
        self._recorder.directory.keep(self._recording)

    def _recording(self) -> Recording:
        redactor = Redactor(self._recorder.names)
        method, path, query, headers = self._request
        asked = self._asked
        request = RecordedRequest(
            method,
            quote(redactor.path("request.path", path), safe=PATH_CHARACTERS),
            redactor.query("request.query", query),
            redactor.headers("request.headers", headers),
            message_body("request.body", bytes(asked.start), asked.size, headers, redactor),
        )
        response = self._response(redactor)
        return Recording(
            VERSION,
            f"{self._time:%Y-%m-%dT%H:%M:%S.%fZ}",
            round(self._seconds * 1000, 3),
            self._recorder.target,
            self._recorder.signature,
            self._function,
            request,
            response,
            tuple(redactor.places),
        )

    def _response(self, redactor: Redactor) -> RecordedResponse | None:
        reply = self._answer
        if reply is None:
            return None
        headers = tuple(as_read(reply.headers))
        answered = self.answered
        return RecordedResponse(
            reply.status,
            redactor.headers("response.headers", headers),
            message_body("response.body", bytes(answered.start), answered.size, headers, redactor),
            self._is_whole,
        )
