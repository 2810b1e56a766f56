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


Asked = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""Method, path, query string and headers of a request."""


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
    """One request and, piece by piece, what is known of its outcome.

    Args:
        recorder: what all calls of the worker have in common.
        request: the request's method, path, query string and headers.
        asked: what is kept of its body.
        answered: keeps the response's body.

    Attributes:
        request: as given.
        asked: as given.
        time: when it arrived.
        answer: the reply, None as long as there is none.
        answered: what is kept of its body.
        function: the name of the function that was called.
        seconds: how long it took until the response was complete.
        is_whole: False when it was a stream that did not come to its end.
    """

    def __init__(
        self, recorder: Recorder, request: Asked, asked: Kept, answered: Kept | None = None
    ) -> None:
        self._recorder = recorder
        self.request = request
        self.asked = asked
        self.answer: Reply | None = None
        self.function: str | None = None
        self.time = datetime.now(timezone.utc)
        self._started = time.perf_counter()
        self.seconds = 0.0
        self.is_whole = True
        self.answered = Kept() if answered is None else answered

    def begin_answer(self, reply: Reply) -> None:
        """The host has given its reply, whose body may be a stream."""
        running = execution.get()
        if running is not None and running.function is not None:
            self.function = running.function.name
        self.answer = reply
        if isinstance(reply.body, bytes):
            self.answered.add(reply.body)
            self.stop_clock()

    def stop_clock(self, *, is_whole: bool = True) -> None:
        """The response is complete, or never will be."""
        self.seconds = time.perf_counter() - self._started
        self.is_whole = is_whole

    def keep(self) -> None:
        """Write the recording."""
        self._recorder.directory.keep(self.recording)

    def recording(self) -> Recording:
        """What is known, without secrets."""
        redactor = Redactor(self._recorder.names)
        method, path, query, headers = self.request
        asked = self.asked
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
            f"{self.time:%Y-%m-%dT%H:%M:%S.%fZ}",
            round(self.seconds * 1000, 3),
            self._recorder.target,
            self._recorder.signature,
            self.function,
            request,
            response,
            tuple(redactor.places),
        )

    def _response(self, redactor: Redactor) -> RecordedResponse | None:
        reply = self.answer
        if reply is None:
            return None
        headers = tuple(as_read(reply.headers))
        answered = self.answered
        return RecordedResponse(
            reply.status,
            redactor.headers("response.headers", headers),
            message_body("response.body", bytes(answered.start), answered.size, headers, redactor),
            self.is_whole,
        )
