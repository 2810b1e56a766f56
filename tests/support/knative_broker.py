"""A broker that forwards events as Knative's data plane contract says, with what its brokers add.

Sources: Knative eventing, data plane contract (which statuses are tried again, which answers are
replies) and control plane (delivery: `retry`, `backoffDelay`, `deadLetterSink`); the brokers take
a 2xx answer with a body that isn't an event for a failure with status 502, and tell the dead-letter
sink by `knativeerror...` attributes what failed.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

RETRIED = frozenset({404, 409, 429})
_PAUSING = frozenset({429, 503})
_STRUCTURED = "application/cloudevents+json"
_SECONDS = 15.0


class Event(NamedTuple):
    """An event as it travels: in binary mode."""

    headers: dict[str, str]
    body: bytes

    def get(self, attribute: str) -> str:
        """One of its attributes."""
        return self.headers[f"ce-{attribute}"]


class Trigger(NamedTuple):
    """Who gets the events of a type, and how often they are tried."""

    type: str
    subscriber: str
    retry: int = 2
    backoff: float = 0.01
    dead_letters: str | None = None


class Delivery(NamedTuple):
    """One attempt."""

    subscriber: str
    event_id: str
    status: int
    pause: float
    """Seconds that were to pass before the next."""


class KnativeBroker:
    """Takes events at `url`; what it did with them is in `deliveries` and `replies`."""

    def __init__(self, *triggers: Trigger, longest_pause: float = 0.1) -> None:
        self.deliveries: list[Delivery] = []
        self.replies: list[Event] = []
        self._triggers = triggers
        self._longest_pause = longest_pause
        self._queue: Queue[Event | None] = Queue()
        self._client = httpx.Client(trust_env=False, timeout=_SECONDS)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _ingress_of(self._queue))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ),
            threading.Thread(target=self._dispatch, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._queue.put(None)
        self._server.shutdown()
        for thread in self._threads:
            thread.join(_SECONDS)
        self._server.server_close()
        self._client.close()

    def send(self, kind: str, data: Any, number: str = "1", **headers: str) -> None:
        """Have an event taken, and wait until it and its replies are through."""
        given = {"ce-specversion": "1.0", "ce-id": number, "ce-source": "/test", "ce-type": kind}
        sent = {**given, "content-type": "application/json", **headers}
        answer = self._client.post(self.url, headers=sent, content=json.dumps(data).encode())
        assert answer.status_code == 202
        self._queue.join()

    def _dispatch(self) -> None:
        while (event := self._queue.get()) is not None:
            for trigger in self._triggers:
                if trigger.type == event.get("type"):
                    self._deliver(trigger, event)
            self._queue.task_done()

    def _deliver(self, trigger: Trigger, event: Event) -> None:
        for left in range(trigger.retry, -1, -1):
            status, answer = self._try(trigger.subscriber, event)
            is_again = status >= 500 or status in RETRIED
            pause = self._pause(trigger, status, answer) if is_again and left else 0.0
            self.deliveries.append(Delivery(trigger.subscriber, event.get("id"), status, pause))
            if not is_again:
                break
            time.sleep(min(pause, self._longest_pause))
        if status >= 300 and trigger.dead_letters is not None:
            told = {
                "ce-knativeerrordest": trigger.subscriber,
                "ce-knativeerrorcode": str(status),
                "ce-knativeerrordata": base64.b64encode(answer.content[:1024]).decode(),
            }
            self._try(trigger.dead_letters, Event({**event.headers, **told}, event.body))

    @staticmethod
    def _pause(trigger: Trigger, status: int, answer: httpx.Response) -> float:
        asked = answer.headers.get("retry-after", "0") if status in _PAUSING else "0"
        return max(trigger.backoff, float(asked))

    def _try(self, url: str, event: Event) -> tuple[int, httpx.Response]:
        headers = {**event.headers, "prefer": "reply"}
        answer = self._client.post(url, headers=headers, content=event.body)
        if not answer.is_success:
            return answer.status_code, answer
        reply = event_of(dict(answer.headers), answer.content)
        if reply is None and answer.content:
            return 502, answer
        if reply is not None and answer.status_code == 200:
            self.replies.append(reply)
            self._queue.put(reply)
        return answer.status_code, answer


def event_of(headers: dict[str, str], body: bytes) -> Event | None:
    """The event that a message carries in binary or structured mode, None where it is none."""
    kind = headers.get("content-type", "")
    if kind.partition(";")[0] == _STRUCTURED:
        members = json.loads(body)
        data = members.pop("data", None)
        found = {f"ce-{name}": str(value) for name, value in members.items()}
        return Event({**found, "content-type": "application/json"}, json.dumps(data).encode())
    if "ce-specversion" not in headers:
        return None
    found = {name: value for name, value in headers.items() if name.startswith("ce-")}
    return Event({**found, "content-type": kind} if kind else found, body)


def _ingress_of(queue: Queue[Event | None]) -> type[BaseHTTPRequestHandler]:
    class Ingress(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            event = event_of({name.lower(): value for name, value in self.headers.items()}, body)
            if event is not None:
                queue.put(event)
            self.send_response(202 if event is not None else 400)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Ingress
