"""The layer that records each request and its outcome; only built under --record."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from functions_framework.exceptions import RequestRefused
from functions_framework.hosts.layered import layered
from functions_framework.hosts.layers import Blocking, Watch
from functions_framework.model.execution import execution

from .directory import Directory
from .exchange import Exchange, Recorder
from .taps import AsyncBodyTap, BodyTap
from .value import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.asgi.layer_driver import AsyncLayered
    from functions_framework.hosts.layers import Head, Steps
    from functions_framework.hosts.wsgi.layer_driver import SyncLayered
    from functions_framework.model.interfaces import Host
    from functions_framework.model.message import Reply
    from functions_framework.settings import Settings


def recorded(host: Host, target: str, settings: Settings) -> SyncLayered | AsyncLayered:
    """The host with its calls recorded.

    Args:
        host: answers requests.
        target: what is served, as for `--target`.
        settings: where recordings go, and what else is secret.
    """
    recorder = Recorder(
        Directory(settings.record or ""),
        settings.target or target,
        str(settings.signature_type),
        tuple((settings.record_redact or "").split(",")),
    )
    return layered(host, RecorderLayer(recorder))


class RecorderLayer:
    """Records the calls of a host; on an event loop files are written in a thread.

    Args:
        recorder: what all calls of the worker have in common.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        asked = head.method, head.path, head.query, tuple(head.pairs)
        tap = head.tap(BodyTap, AsyncBodyTap)
        exchange = Exchange(self._recorder, asked, tap.kept)
        execution.set(None)
        try:
            reply: Reply = yield None
        except BaseException:
            exchange.stop_clock()
            exchange.keep()  # in place: a task that is cancelled must not wait
            raise
        exchange.begin_answer(reply)
        if not isinstance(reply.body, bytes):
            return reply._replace(body=head.watched(reply.body, _StreamedAnswer(exchange)))
        with suppress(RequestRefused, OSError):  # the client left: what came is what there is
            yield partial(tap.read_rest, LARGEST_BODY, head.header("content-length"))
        yield Blocking(exchange.keep)
        return reply


class _StreamedAnswer(Watch):
    """A response that is a stream: it is recorded when that is closed."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def part(self, part: bytes | str) -> None:
        self._exchange.answered.add(part)

    def end(
        self,
        error: BaseException | None,  # noqa: ARG002 - what is cut off is not whole
        *,
        is_whole: bool,
    ) -> Callable[[], object]:
        self._exchange.stop_clock(is_whole=is_whole)
        return self._exchange.keep
