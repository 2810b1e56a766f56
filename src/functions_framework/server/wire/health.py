"""Health: whether a worker lives and whether it takes calls, asked by probes and load balancers.

Probes are answered before the request becomes a call: they take no place, are in no log and no
metric, and the function does not see them. Only made where --health-path is set.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.model.function import is_async_callable
from functions_framework.model.message import TEXT, Reply
from functions_framework.runtime.escaping import own_logger

from .gate import answer
from .own_replies import DRAINING, SATURATED

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from functions_framework.model.interfaces import Environ

    from .interfaces import Schedule, SyncCall, SyncProtocol, Watcher

    Check = Callable[[], Any]
    Outcome = tuple[str, Exception | None]

_log = own_logger("functions_framework.server")

CHECK_SECONDS = 5.0
"""Seconds that the checks of one probe may take together."""

_MOMENT = 0.5
"""Seconds that a probe waits for a place to get free: kubelets give it one second."""

_STEP_SECONDS = 0.01
_METHODS = frozenset({"GET", "HEAD"})
_HEADERS = [TEXT, ("cache-control", "no-store")]
_LONGEST_TEXT = 200


class Health:
    """Answers the probes of one worker.

    Args:
        path: of readiness; liveness is at `<path>/live`, or at a second path after a comma.
        checks: the user's own, sync or async; each returns a bool or `(bool, text)`.
        unready: why the worker itself takes no more calls, empty while it does.
    """

    def __init__(self, path: str, checks: Sequence[Check], unready: Callable[[], str]) -> None:
        ready_path, _, live_path = path.partition(",")
        self._live_path = live_path or f"{ready_path}/live"
        self._paths = frozenset({ready_path, self._live_path})
        self._checks = checks
        self._unready = unready
        self._running: asyncio.Task[Outcome] | None = None
        self._probes: set[asyncio.Task[None]] = set()
        self._said = ""

    def is_probe(self, method: str, path: str) -> bool:
        """Whether a request asks for health."""
        return path in self._paths and method in _METHODS

    def answering_sync(self, call: SyncCall) -> SyncCall:
        """The engine's callback for sync calls, with probes answered here."""

        def serve(protocol: SyncProtocol, scope: Environ) -> None:
            method, path = scope["REQUEST_METHOD"], scope["PATH_INFO"]
            if self.is_probe(method, path):
                reply = self._reply("" if path == self._live_path else self._why_not_blocking())
                answer(protocol, reply, method, self._ends(scope["SERVER_PROTOCOL"]))
            else:
                call(protocol, scope)

        return serve

    def answering_async(self, schedule: Schedule, loop: asyncio.AbstractEventLoop) -> Schedule:
        """The engine's callback for async calls, with probes answered on the loop of the calls.

        A loop that is blocked answers none: that is what liveness is to show.
        """

        def start(watcher: Watcher) -> None:
            probe = loop.create_task(self._answer(watcher))
            self._probes.add(probe)
            probe.add_done_callback(self._probes.discard)

        def serve(watcher: Watcher) -> None:
            request = watcher.scope
            if self.is_probe(request.method, request.path):
                loop.call_soon_threadsafe(start, watcher)
            else:
                schedule(watcher)

        return serve

    async def _answer(self, watcher: Watcher) -> None:
        request = watcher.scope
        try:
            reply = self._reply("" if request.path == self._live_path else await self._why_not())
            answer(watcher.proto, reply, request.method, self._ends(request.http_version))
        finally:
            watcher.done()

    def _reply(self, reason: str) -> Reply:
        return Reply(503 if reason else 200, _HEADERS, f"{reason or 'OK'}\n".encode())

    def _ends(self, version: str) -> str:
        return version if self._unready() == DRAINING else ""

    def _why_not_blocking(self) -> str:
        until = time.monotonic() + _MOMENT
        while (reason := self._unready()) == SATURATED and time.monotonic() < until:
            time.sleep(_STEP_SECONDS)
        if reason or not self._checks:
            return reason
        from functions_framework.runtime import background_loop

        return background_loop.run(self._ask())

    async def _why_not(self) -> str:
        import asyncio

        until = time.monotonic() + _MOMENT
        while (reason := self._unready()) == SATURATED and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(_STEP_SECONDS)
        return reason if reason or not self._checks else await self._ask()

    async def _ask(self) -> str:
        """Run the checks, once for all probes that come meanwhile; say why it is not ready."""
        import asyncio

        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run_checks())
        try:
            outcome = await asyncio.wait_for(asyncio.shield(self._running), CHECK_SECONDS)
        except (asyncio.TimeoutError, TimeoutError):
            outcome = f"The readiness checks did not end within {CHECK_SECONDS:g} seconds.", None
        self._log_change(*outcome)
        return outcome[0]

    def _log_change(self, reason: str, error: Exception | None) -> None:
        if reason == self._said:
            return
        self._said = reason
        if reason:
            _log.warning("Not ready: %s", reason, exc_info=error)
        else:
            _log.info("Ready again.")

    async def _run_checks(self) -> Outcome:
        for check in self._checks:
            reason, error = await _asked(check)
            if reason:
                return reason, error
        return "", None


async def _asked(check: Check) -> Outcome:
    """Run one check, a `def` on a thread; say why it fails, nothing where it passes."""
    from functions_framework.runtime.crossing import run_in_thread

    name = getattr(check, "__name__", None) or repr(check)
    try:
        result = await (check() if is_async_callable(check) else run_in_thread(check))
        return _read(name, result), None
    except Exception as error:  # noqa: BLE001 - logged with the change
        return f"The readiness check {name!r} failed.", error


def _read(name: str, result: object) -> str:
    """Why a check's result says no, nothing where it says yes; raises TypeError for another."""
    is_ready, text = result if isinstance(result, tuple) and len(result) == 2 else (result, "")
    if not isinstance(is_ready, bool) or not isinstance(text, str):
        raise TypeError(
            f"The readiness check {name!r} returned {result!r}: expected a bool, or (bool, text)."
        )
    line = (text.splitlines() or [""])[0][:_LONGEST_TEXT]
    return "" if is_ready else line or f"The readiness check {name!r} says no."
