"""The layer that keeps calls for the console and answers the console's own page."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.exceptions import FunctionsFrameworkException, RequestRefused
from functions_framework.hosts.layered import layered
from functions_framework.hosts.layers import Blocking, Watch
from functions_framework.loading.load import precheck
from functions_framework.logs import call_lines
from functions_framework.model.execution import Execution, execution
from functions_framework.model.trace import NO_TRACE
from functions_framework.recording.directory import Directory
from functions_framework.recording.exchange import Exchange, Recorder
from functions_framework.recording.taps import AsyncBodyTap, BodyTap, Kept

from .address import PATH
from .calls import LARGEST_BODY, Calls
from .replies import EVENTS, MOST_SENT, Replies, Saved, check
from .stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.layers import Head, Steps
    from functions_framework.model.interfaces import Host
    from functions_framework.model.message import Reply
    from functions_framework.settings import Settings

    from .calls import Call
    from .described import Shown

_FEW = 16
"""Places: where there are fewer, a page that listens takes none for longer than a moment."""


def consoled(host: Host, shown: Shown, settings: Settings) -> tuple[Host, Callable[[], object]]:
    """The host with the console, and what ends it when the worker leaves.

    Args:
        host: answers requests.
        shown: what is served.
        settings: where recordings go, what is secret, how many calls run at once.
    """
    source = shown.source or _source_of(settings)
    console = ConsoleLayer(shown._replace(source=source), settings, is_async=host.is_async)
    call_lines.install()
    return layered(host, console), console.close


def _source_of(settings: Settings) -> Path | None:
    with suppress(FunctionsFrameworkException):
        return precheck(settings)
    return None


class ConsoleLayer:
    """See the module.

    Args:
        shown: what is served.
        settings: as of `consoled`.
        is_async: whether the host is.
    """

    def __init__(self, shown: Shown, settings: Settings, *, is_async: bool) -> None:
        base = shown.source.parent if shown.source else Path.cwd()
        recordings = Path(settings.record) if settings.record else base / "recordings"
        self._recorder = Recorder(
            Directory(str(recordings)),
            settings.target or ",".join(shown.name.split(", ")),
            str(settings.signature_type),
            tuple((settings.record_redact or "").split(",")),
        )
        self._worker = secrets.token_hex(3)
        self._calls = Calls(self._worker)
        self._replies = Replies(shown, self._calls, Saved(recordings, shown.source))
        places = settings.concurrency or (_FEW if is_async else settings.threads)
        self._is_brief = places < _FEW
        self._is_async = is_async
        self._is_closed = False

    def close(self) -> None:
        """End the streams: the worker is about to leave."""
        self._is_closed = True

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        if head.path == PATH or head.path.startswith(f"{PATH}/"):
            return self._own(head)
        return self._kept(head)

    def _own(self, head: Head) -> Steps:
        execution.set(_OWN)
        refused = check(head)
        if refused is not None:
            return refused
        if head.path == EVENTS and head.method == "GET":
            return self._stream(head.header("last-event-id") or "")
        tap = head.tap(
            partial(BodyTap, most=MOST_SENT + 1), partial(AsyncBodyTap, most=MOST_SENT + 1)
        )
        if head.method == "POST":
            yield partial(tap.read_rest, MOST_SENT)
        body = bytes(tap.kept.start)
        reply: Reply = yield Blocking(partial(self._replies.answer, head, body))
        return reply

    def _stream(self, seen: str) -> Reply:
        state = partial(self._replies.state, self._worker)
        stream = Stream(self._calls, state, self._worker, seen)
        stream.is_closed = lambda: self._is_closed
        return stream.reply(is_async=self._is_async, is_brief=self._is_brief)

    def _kept(self, head: Head) -> Steps:
        asked = head.method, head.path, head.query, tuple(head.pairs)
        tap = head.tap(
            partial(BodyTap, most=LARGEST_BODY), partial(AsyncBodyTap, most=LARGEST_BODY)
        )
        exchange = Exchange(self._recorder, asked, tap.kept, Kept(LARGEST_BODY))
        call = self._calls.begin(exchange)
        execution.set(None)
        try:
            reply: Reply = yield None
        except BaseException as error:
            call.give_up(error, execution.get())
            raise
        if isinstance(reply.body, bytes):
            with suppress(RequestRefused, OSError):  # the client left: what came is what there is
                yield partial(tap.read_rest, LARGEST_BODY, head.header("content-length"))
            call.answer(reply, execution.get())
            return reply
        call.answer(reply, execution.get())
        return reply._replace(body=head.watched(reply.body, _Streamed(call)))


class _OwnRequest(Execution):
    """Stands for requests of the page. They are not calls: none is the first of its process."""

    is_quiet = True

    def __init__(self) -> None:
        self.execution_id = ""
        self.function = None
        self.trace = NO_TRACE


_OWN = _OwnRequest()


class _Streamed(Watch):
    """A response that is a stream."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def part(self, part: bytes | str) -> None:
        self._call.exchange.answered.add(part)

    def end(self, error: BaseException | None, *, is_whole: bool) -> None:
        self._call.end(error, is_whole=is_whole)
