"""A worker's functions with their life cycle: before it listens, and after the last call."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, cast

from functions_framework.runtime import output
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.values import NamedTuple

if TYPE_CHECKING:
    from ..hosted import Hosted
    from ..on_loop.serving import AsyncServing
    from ..on_threads.serving import SyncServing

_log = own_logger("functions_framework.server")
# Less than the parent waits on top of the grace period before it kills.
_MARGIN = 0.4
_LEAST_SECONDS = 0.3


class Loaded(NamedTuple):
    """What is ready to serve once it listens: the functions were loaded and their start-up ran.

    Attributes:
        hosted: the host and what it serves.
        serving: takes requests to it.
    """

    hosted: Hosted
    serving: AsyncServing | SyncServing

    def start(self) -> None:
        """Run the start-up hooks; raises what they raise."""
        lifecycle = self.hosted.lifecycle
        if not lifecycle.startup_hooks:
            return
        if self.hosted.host.is_async:
            cast("AsyncServing", self.serving).run_apart(lifecycle.start())
        else:
            lifecycle.start_blocking()

    def stop(self, until: float) -> None:
        """Run the shut-down hooks and close the resources; failures are logged.

        What has not ended in time is named, and the process ends without it: nobody else might be
        there to end it.

        Args:
            until: `time.monotonic()` seconds at which the grace period is over.
        """
        lifecycle = self.hosted.lifecycle
        if not lifecycle:
            return
        seconds = max(_LEAST_SECONDS, until + _MARGIN - time.monotonic())
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        if self.hosted.host.is_async:
            cast("AsyncServing", self.serving).run_apart(lifecycle.stop())
        else:
            lifecycle.stop_blocking()
        timer.cancel()

    def _give_up(self) -> None:
        name = self.hosted.lifecycle.ending
        _log.error("The %s did not end within the grace period; the worker ends without it.", name)
        output.flush()
        os._exit(1)
