"""The layer that answers invocations of Azure's host; HTTP requests that it sends on just pass.

An invocation is recognized by its body alone, and only where the server is a custom handler. One
that comes from outside of the host is none: the front end of the service writes `X-Forwarded-For`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestRefused
from functions_framework.hosts.errors import refusal
from functions_framework.hosts.layered import layered
from functions_framework.hosts.routes import Routes, paths_of
from functions_framework.hosts.whole_replies import read_out, read_out_async
from functions_framework.logs import call_lines
from functions_framework.model.execution import execution
from functions_framework.model.json_text import is_json
from functions_framework.model.message import CRASH, TEXT, Reply
from functions_framework.runtime.escaping import own_logger

from .bodies import HeldBody, HeldReceive
from .invocation import INVOCATION_ID, read
from .payload import UnsayableReplyError, http_result, result_of
from .requests import is_http, request_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.hosts.layers import Head, Steps
    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Host

    from .invocation import Invocation

_log = own_logger("functions_framework.azure")


def invoked(host: Host, functions: Sequence[Function]) -> Host:
    """The host with invocations answered.

    Args:
        host: answers requests.
        functions: what it serves.
    """
    call_lines.install()
    return layered(host, InvocationLayer(functions, is_async=host.is_async))


class InvocationLayer:
    """See the module.

    Args:
        functions: what is served.
        is_async: whether their host is.
    """

    def __init__(self, functions: Sequence[Function], *, is_async: bool) -> None:
        self._routes = Routes(paths_of(list(functions)))
        self._read_out: Any = read_out_async if is_async else read_out

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        if head.method == "POST" and head.header("x-forwarded-for") is None:
            function = self._routes.find(head.path)
            if function is not None and is_json(head.headers.get("content-type")):
                held = head.tap(HeldBody, HeldReceive)
                invocation = read((yield held.hold), head.path, head.header(INVOCATION_ID))
                if invocation is not None:
                    return (yield from self._answered(function, invocation, head))
        reply: Reply = yield None
        return reply

    def _answered(self, function: Function, invocation: Invocation, head: Head) -> Steps:
        try:
            asked = request_of(function, invocation, head.pairs, self._routes.find)
        except RequestRefused as error:
            _log.warning("%s was not called: %s", function.name, error)
            return refusal(error)
        execution.set(None)
        reply: Reply = yield asked
        if not isinstance(reply.body, bytes):
            reply = yield partial(self._read_out, reply, None)
        return _result(reply, function, invocation)


def _result(reply: Reply, function: Function, invocation: Invocation) -> Reply:
    is_crash = any((name.lower(), value) == CRASH for name, value in reply.headers)
    try:
        if is_http(invocation) and not is_crash:
            return http_result(reply, _lines())
        if 200 <= reply.status < 300:
            return result_of(reply, function, _lines())
    except UnsayableReplyError as error:
        _log.error(
            "%s answered with %s, which an invocation cannot say. Set enableProxyingHttpRequest in "
            "host.json.",
            function.name,
            error,
        )
        return Reply(500, [TEXT], b"The response cannot be said in an invocation.\n")
    if not is_crash:  # which is logged already
        _log.warning("The invocation of %s failed with status %d.", function.name, reply.status)
    return reply


def _lines() -> list[str]:
    """What the call has logged and printed, of a batch all of its calls."""
    running = execution.get()
    if running is None:
        return []
    calls = [running, *(ended.running for ended in running.__dict__.get("calls", ()))]
    return [
        line.text if not line.origin else f"{line.level.upper()}: {line.text}"
        for call in calls
        if call is not None and call.lines is not None
        for line in call.lines.all()
    ]
