"""The parent process under --reload and --debug: new workers when a file of the source changes.

The parent holds the listening socket all the time, so the requests made during a restart wait for
the new worker. The old one finishes what it has accepted. A source that cannot be loaded is served
too: its worker answers everything with the error until the next change.
"""

from __future__ import annotations

import selectors
import signal
import time
from typing import TYPE_CHECKING

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime import terminal

from .. import messages
from ..wire import listening
from ..worker.debuggers import is_debugged
from .changes import HELD, names_of, take_note
from .supervisor import Supervisor
from .watcher import Watcher

if TYPE_CHECKING:
    import socket

    from functions_framework.settings import Settings

    from ..hosted import Build, Hosted
    from .child import Child
    from .other_children import Beside
    from .watched import Watched


class ReloadingSupervisor(Supervisor):
    """Replaces all workers whenever a file changes.

    Args:
        settings: what the user asked for.
        build: loads the function in the worker.
        listener: the bound socket.
        watched: what is watched.
    """

    def __init__(
        self, settings: Settings, build: Build, listener: socket.socket, watched: Watched
    ) -> None:
        super().__init__(settings, build, listener)
        self._watcher = Watcher(watched)
        self._changed: set[str] = set()
        self._restarted: float | None = None
        self._what: list[str] = []

    def run(self, beside: Beside | None = None) -> int:
        """Serve; return the exit code. A source that cannot be loaded does not end it.

        Args:
            beside: a process to look after as well.

        Raises:
            FunctionsFrameworkException: the port is taken or the source cannot be watched.
        """
        # What comes while the source is loaded for the first time waits as well.
        listening.listen(self._listener, self._settings.backlog)
        try:
            return super().run(beside)
        finally:
            self._watcher.stop()

    def _begin(self) -> None:
        self._watcher.start()
        super()._begin()
        try:
            self._watcher.confirm()  # while the worker loads
        except FunctionsFrameworkException as error:
            self._outcome = messages.Failed(error.exit_code, text=str(error))
            return
        self._selector.register(self._watcher, selectors.EVENT_READ, self._take_changes)
        self._prepare()

    @staticmethod
    def _prepare() -> None:
        """Import what every worker does before the source, so that the next ones have it.

        A parent that restarts on changes is on a developer's machine: speed counts more than its
        size. What the source may want to patch first (Flask, ssl) stays out.
        """
        from ..wire import granian
        from ..worker import worker  # noqa: F401 - for those who are forked

        granian.load()

    def _leave_parent(self) -> None:
        super()._leave_parent()
        self._watcher.leave()

    # -- changes ------------------------------------------------------------------------------

    def _take_changes(self) -> None:
        paths = self._watcher.take()
        if paths is None:
            self._selector.unregister(self._watcher)
            terminal.warn(
                "The process that watches the source ended: changes are not picked up any more. "
                "Start the server again."
            )
        elif paths:
            self._changed.update(paths)
            if self._has_prompt():
                terminal.say(
                    f"{names_of(self._changed)} changed: restarting once the prompt is left (c, q)."
                )
            self._restart_if_possible()

    def _has_prompt(self) -> bool:
        return any(worker.has_prompt for worker in self._workers)

    def _restart_if_possible(self) -> None:
        """To end a call that is looked at would take the prompt from under who types there."""
        if self._changed and not self._is_ending and not self._has_prompt():
            self._restart()

    def _restart(self) -> None:
        terminal.say(f"{names_of(self._changed)} changed: restarting.")
        changed, self._changed = self._changed, set()
        self._restarted = time.monotonic()
        self._failed_loads = 0
        self._is_announced = False
        self._due.clear()
        for worker in list(self._workers):
            self._receive(worker)  # it may have become ready this moment
        for worker in self._workers:
            if worker.ready is None:
                worker.kill(signal.SIGKILL)  # it has accepted nothing, and is of no use any more
            elif not worker.is_leaving:
                # Who looks at a call in a debugger keeps it; it is the old worker's last.
                worker.tell(messages.RETIRE if is_debugged() else messages.DRAIN)
            worker.is_leaving = True
        take_note(changed, self._watcher.source_dir)
        self._spawn(is_replacement=True)

    # -- reports ------------------------------------------------------------------------------

    def _note(self, worker: Child, report: messages.Report) -> None:
        if isinstance(report, messages.Local):
            self._watcher.watch_also(report.files)
        elif isinstance(report, messages.Ready) and (
            not self._is_ending and (worker.failed or worker.is_leaving)
        ):
            worker.ready = report
        elif isinstance(report, messages.Failed) and not worker.is_leaving:
            worker.failed = report
            if report.text:
                terminal.fail(report.text)
            terminal.say(HELD)
        else:
            super()._note(worker, report)

    def _note_prompt(self, worker: Child, *, is_open: bool) -> None:
        super()._note_prompt(worker, is_open=is_open)
        self._restart_if_possible()

    def _announce(self, ready: messages.Ready) -> None:
        if self._restarted is not None and ready.what == self._what:
            seconds = time.monotonic() - self._restarted
            terminal.say(f"Restarted in {seconds:.2f} s.")
        else:
            super()._announce(ready)
        self._what = ready.what

    # -- ends ---------------------------------------------------------------------------------

    def _bury(self, worker: Child, code: int) -> None:
        super()._bury(worker, code)
        self._restart_if_possible()

    def _retry_load(self, worker: Child, failed: messages.Failed) -> None:
        """A worker died while it loaded: the next one says so to who asks."""
        if worker.replaces is not None:
            super()._retry_load(worker, failed)
            return
        if worker.is_stand_in:
            # It isn't the source: not even what says so can be served.
            self._outcome = messages.Failed(failed.code, text="" if worker.failed else failed.text)
            return

        def fail() -> Hosted:
            raise FunctionsFrameworkException(failed.text)

        own, self._build = self._build, fail
        try:
            self._spawn(is_replacement=True)
            self._workers[-1].is_stand_in = True
        finally:
            self._build = own
