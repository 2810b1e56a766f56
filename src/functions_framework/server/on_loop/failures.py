"""What the client of a call is answered that gave no reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from functions_framework.exceptions import MalformedRequest
from functions_framework.hosts.errors import CRASH_REPLY, refusal
from functions_framework.logs import log_crash
from functions_framework.runtime.cancelling import is_unheard
from functions_framework.runtime.escaping import own_logger

from ..wire.gate import answer
from ..wire.own_replies import CRASHED, ENDED, LEFT

if TYPE_CHECKING:
    from ..wire.interfaces import Watcher

_log = own_logger("functions_framework.server")


def answer_failed(error: BaseException, watcher: Watcher, *, is_told: bool) -> None:
    """Answer a call that raised, and log it where it is a fault.

    Args:
        error: what came out of it.
        watcher: the call's.
        is_told: whether it was told to end.
    """
    protocol, request = watcher.proto, watcher.scope
    if isinstance(error, MalformedRequest):
        answer(protocol, refusal(error), request.method, request.http_version)
    elif not isinstance(error, asyncio.CancelledError):
        # The engine would answer and log in its own words.
        _log.error("The request could not be answered.", exc_info=error)
        answer(protocol, CRASHED, request.method)
    elif is_told:
        # Of no effect where a deadline was the reason: that was answered.
        reply = LEFT if is_unheard() else ENDED
        answer(protocol, reply, request.method, request.http_version)
    else:  # of its own making
        log_crash(error, method=request.method, path=request.path)
        answer(protocol, CRASH_REPLY, request.method)
