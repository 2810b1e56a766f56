"""The parent process: binds, forks workers, replaces those that die, and ends them all.

It imports neither the engine nor Flask, asyncio or user code: what a worker breaks stays in that
worker. It talks to each worker over a socket pair; a worker that finds its end closed knows that
the parent is gone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import time
from functools import partial

from functions_framework import exceptions
from functions_framework.runtime import output, terminal

from .. import messages
from ..wire.listening import port_of
from ..wire.spread import Spread
from .child import Child, free_place, seconds_to_end, serving_places
from .other_children import OtherChildren
from .signals import Mailbox, blocked, death, is_told, restore_defaults
from .startup_line import startup_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from functions_framework.settings import Settings

    from ..hosted import Build
    from .other_children import Beside

LOAD_ATTEMPTS = 3
"""Replacements in a row that may fail to load before the server gives up, if no other serves."""

_SHORT_LIFE = 1.0
_RESPAWN_DELAY, _LONGEST_RESPAWN_DELAY = 0.2, 5.0
_TERMINATE_SECONDS = 0.5


class Supervisor:
    """Runs the workers of one server until a signal or a failed load ends it.

    Args:
        settings: what the user asked for.
        build: loads the function in the worker.
        listener: the bound socket.
    """

    def __init__(self, settings: Settings, build: Build, listener: socket.socket) -> None:
        self._settings = settings
        self._build = build
        self._listener = listener
        self._port = port_of(listener)
        self._spread = Spread(listener, 1 if settings.is_reloading else settings.workers)
        self._workers: list[Child] = []
        self._due: list[float] = []
        self._failed_loads = 0
        self._is_announced = False
        self._outcome: messages.Failed | None = None
        self._is_ending = False
        self._selector = selectors.DefaultSelector()

    def run(self, beside: Beside | None = None) -> int:
        """Serve; return the exit code.

        Args:
            beside: a process to look after as well.

        Raises:
            FunctionsFrameworkException: the function could not be loaded.
        """
        self._others = OtherChildren(beside, self._leave_parent, self._spread)
        with terminal.restored() as self._restore_terminal, Mailbox() as self._mailbox:
            mailbox = self._mailbox
            self._selector.register(mailbox, selectors.EVENT_READ, mailbox.empty)
            self._begin()
            while self._outcome is None and not mailbox.stops:
                self._step()
                self._respawn()
            return self._end(mailbox)

    def _begin(self) -> None:
        """Start the first worker; the others follow it: what is wrong is said only once."""
        try:
            self._spawn(is_replacement=False)
        except OSError as error:
            text = f"No worker can be started: {error.strerror}. Raise that limit (ulimit -a)."
            raise exceptions.FunctionsFrameworkException(text) from error

    def _spawn(self, *, is_replacement: bool, replaces: Child | None = None) -> None:
        ours, theirs = socket.socketpair()
        place = replaces.place if replaces else free_place(self._workers)
        output.flush()
        try:
            with blocked():
                pid = os.fork()
                if pid == 0:
                    self._become_worker(ours, theirs, place)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)  # noqa: FBT003
        worker = Child(pid, ours, is_replacement, replaces=replaces, place=place)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, partial(self._receive, worker))

    def _become_worker(self, ours: socket.socket, theirs: socket.socket, place: int) -> NoReturn:
        code = 1
        try:
            gc.disable()  # next to nothing of what is imported dies; `work` turns it on again
            restore_defaults()
            ours.close()
            self._leave_parent()
            from ..worker.worker import work

            code = work(self._settings, self._build, self._spread.keep(place), theirs)
        except BaseException:  # noqa: BLE001 - shown, then os._exit
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def _leave_parent(self) -> None:
        """In a new worker: close what is the parent's only."""
        for sibling in self._workers:
            sibling.channel.close()
        self._selector.close()

    def _step(self, timeout: float | None = None) -> None:
        """Wait for signals, reports and deaths, and note them."""
        if timeout is None and self._due:
            timeout = max(0.0, min(self._due) - time.monotonic())
        for key, _ in self._selector.select(self._others.within(timeout)):
            key.data()
        for worker in list(self._workers):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._bury(worker, os.waitstatus_to_exitcode(status))
        if not self._is_ending:
            self._others.look(worker.pid for worker in self._workers)

    def _receive(self, worker: Child) -> None:
        reports = worker.reports()
        if reports is None:
            # Closed, or about to exit: its death is noticed by waitpid.
            with contextlib.suppress(KeyError):
                self._selector.unregister(worker.channel)
        for report in reports or ():
            self._note(worker, report)

    def _note(self, worker: Child, report: messages.Report) -> None:
        if isinstance(report, messages.Ready):
            worker.ready = report
            if self._is_ending:
                # It was about to serve when all were told to stop; the signal passed it by.
                worker.is_leaving = True
                worker.tell(messages.DRAIN)
                return
            self._failed_loads = 0
            self._succeed(worker)
            if not self._is_announced:
                self._is_announced = True
                self._spread.open(self._settings.backlog)
                self._announce(report)
                self._due += [0.0] * (self._settings.workers - 1)
            self._spread.serve(serving_places(self._workers))
        elif isinstance(report, messages.Failed):
            worker.failed = report
        elif isinstance(report, messages.Prompt):
            self._note_prompt(worker, is_open=report.is_open)
        elif isinstance(report, messages.Leaving):
            self._replace(worker, report)

    def _replace(self, worker: Child, asked: messages.Leaving) -> None:
        """Start another in the place of a worker that goes on until the other is ready."""
        is_going = worker.is_leaving or any(other.replaces is worker for other in self._workers)
        if self._is_ending or is_going:
            return
        if asked.reason == messages.TOLD and self._mailbox.is_stopped():
            return
        terminal.say(f"Worker {worker.pid} is replaced: {asked.reason}.")
        worker.order = messages.RETIRE if asked.is_patient else messages.DRAIN
        try:
            self._spawn(is_replacement=True, replaces=worker)
        except OSError as error:
            terminal.say(f"Worker {worker.pid} goes on, as none can be started: {error.strerror}.")

    def _succeed(self, worker: Child) -> None:
        """Let the worker go that a new one replaces."""
        before, worker.replaces = worker.replaces, None
        if before is not None and not before.is_leaving:
            before.is_leaving = True
            before.tell(before.order)

    def _note_prompt(self, worker: Child, *, is_open: bool) -> None:
        worker.has_prompt = is_open

    def _announce(self, ready: messages.Ready) -> None:
        terminal.announce(*startup_lines(ready, self._settings, self._port))

    def _bury(self, worker: Child, code: int) -> None:
        """Take note of a worker's death: replace it, or give up."""
        self._receive(worker)
        with contextlib.suppress(KeyError):
            self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        self._spread.serve(serving_places(self._workers))
        if worker.has_prompt:
            self._restore_terminal()
        if self._is_ending or worker.is_leaving or (is_told(code) and self._mailbox.is_stopped()):
            return
        successors = [other for other in self._workers if other.replaces is worker]
        if successors:
            successors[0].replaces = None
        elif worker.ready is None:
            failed = worker.failed or messages.Failed(
                code if code > 0 else 1, text=f"The worker {death(code)} while loading."
            )
            self._retry_load(worker, failed)
        else:
            is_young = time.monotonic() - worker.started < _SHORT_LIFE
            self._due.append(time.monotonic() + (_RESPAWN_DELAY if is_young else 0.0))
            terminal.say(f"Worker {worker.pid} {death(code)}; it is replaced.")

    def _retry_load(self, worker: Child, failed: messages.Failed) -> None:
        """A worker ended before it was ready: try again, or end the server."""
        if worker.replaces is not None:
            if failed.text:
                terminal.fail(failed.text)
            terminal.say(f"Worker {worker.replaces.pid} is not replaced, and goes on.")
            return
        self._failed_loads += 1
        is_serving = any(other.ready and not other.is_leaving for other in self._workers)
        is_last = self._failed_loads >= LOAD_ATTEMPTS and not is_serving
        if not worker.is_replacement or is_last:
            self._outcome = self._outcome or failed
        else:
            delay = min(_RESPAWN_DELAY * self._failed_loads, _LONGEST_RESPAWN_DELAY)
            self._due.append(time.monotonic() + delay)

    def _respawn(self) -> None:
        now = time.monotonic()
        while not self._mailbox.stops and (due := min(self._due, default=now + 1)) <= now:
            self._due.remove(due)
            try:
                self._spawn(is_replacement=True)
            except OSError as error:
                # Out of descriptors, processes or memory: those that serve are not to suffer.
                self._due.append(now + _LONGEST_RESPAWN_DELAY)
                terminal.say(f"No worker can be started: {error.strerror}; it is tried again.")

    def _end(self, mailbox: Mailbox) -> int:
        """Let every worker finish what it has accepted; a second signal ends them at once."""
        self._is_ending = True
        signals = mailbox.stops
        until = time.monotonic() + seconds_to_end(self._settings.grace_period)
        kill_loading = time.monotonic() + _TERMINATE_SECONDS
        self._stop_workers()
        while self._workers and mailbox.stops < 2 and time.monotonic() < until:
            if time.monotonic() > kill_loading:
                for worker in self._workers:
                    if worker.ready is None:
                        worker.kill(signal.SIGKILL)
            self._step(0.05)
        for worker in self._workers:
            worker.kill(signal.SIGKILL)
            os.waitpid(worker.pid, 0)
        if self._outcome is None:
            return 0 if mailbox.stops < 2 else 128 + mailbox.last
        if signals == 0 and self._outcome.text:
            kind = getattr(exceptions, self._outcome.kind, exceptions.FunctionsFrameworkException)
            raise kind(self._outcome.text)
        return self._outcome.code

    def _stop_workers(self) -> None:
        if any(worker.ready for worker in self._workers):
            with contextlib.suppress(OSError, ImportError):  # no descriptor may be left
                self._spread.refuse_new()
        for worker in self._workers:
            if worker.has_prompt:
                # An interrupt ends the prompt as well: nobody is to type there any more.
                worker.kill(signal.SIGKILL)
            elif worker.ready:
                worker.is_leaving = True
                worker.tell(messages.DRAIN)
            else:
                worker.kill(signal.SIGTERM)
        self._spread.close()
