"""The port that Prometheus asks: a process beside the workers, which outlives each of them.

Only imported where there is one. It isn't a worker and ends with the server; one that ends earlier
is replaced by `other_children`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.runtime import terminal
from functions_framework.telemetry import switch

from ..wire import listening
from .signals import STOPS, blocked, restore_defaults

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from functions_framework.settings import Settings

# prometheus_client looks here when it is imported: in the workers, and by user code.
_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "functions-metrics-"


@contextlib.contextmanager
def metrics_served(settings: Settings) -> Iterator[Exporter | None]:
    """Serve metrics until the end of the block, from a process where there is fork.

    Raises:
        InvalidConfigurationException: the extra is not installed, the port is taken, or there is
            no directory to count in.
    """
    if not switch.is_counted(settings) or settings.metrics_port is None:
        yield None
        return
    with (
        _directory() as directory,
        listening.bind(settings.host, settings.metrics_port) as listener,
    ):
        # At once: whoever asks before the exporter is up waits for it and is not refused.
        listener.listen()
        with _exporter(listener, directory, settings.workers) as exporter:
            port = listener.getsockname()[1]
            terminal.say(f"Metrics on http://{listening.url_host(settings.host)}:{port}/metrics")
            yield exporter


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """A directory for this run; one that the user has named is used, and left."""
    given = os.environ.get(_VARIABLE)
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
        yield Path(given)
        return
    try:
        made = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise InvalidConfigurationException(
            f"Cannot make a temporary directory to count in: {error}. "
            f"Name one that can be written to with {_VARIABLE}."
        ) from None
    os.environ[_VARIABLE] = str(made)
    try:
        yield made
    finally:
        del os.environ[_VARIABLE]
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def _exporter(listener: socket.socket, directory: Path, workers: int) -> Iterator[Exporter | None]:
    if not hasattr(os, "fork"):
        from functions_framework.telemetry.exposition import expose

        server = expose(listener, directory, workers)
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        yield None
        return
    exporter = Exporter(listener, directory, workers)
    exporter.start(lambda: None)
    try:
        yield exporter
    finally:
        exporter.stop()


class Exporter:
    """The process that serves metrics.

    Args:
        listener: the socket that listens.
        directory: where the workers count.
        workers: how many count.

    Attributes:
        pid: its number.
    """

    def __init__(self, listener: socket.socket, directory: Path, workers: int) -> None:
        self._listener = listener
        self._directory = directory
        self._workers = workers
        self._reading, self._writing = os.pipe()
        self.pid = 0

    def start(self, leave: Callable[[], None]) -> None:
        """Start it, or another in its place.

        Args:
            leave: closes, in the new process, what is the parent's only.
        """
        with blocked():
            pid = os.fork()
            if pid == 0:
                os.close(self._writing)
                _become_exporter(
                    self._listener, self._directory, self._workers, self._reading, leave
                )
        self.pid = pid

    def stop(self) -> None:
        """End it."""
        os.close(self._writing)
        os.close(self._reading)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it has ended already
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


def _become_exporter(
    listener: socket.socket,
    directory: Path,
    workers: int,
    parent: int,
    leave: Callable[[], None],
) -> NoReturn:
    """Serve until the parent and its workers are gone; signals are the parent's to act on."""
    code = 1
    try:
        restore_defaults()
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        leave()
        from functions_framework.telemetry.exposition import expose

        server = expose(listener, directory, workers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.read(parent, 1)  # nothing is ever sent: this returns when nobody holds the other end
        if directory.name.startswith(_PREFIX):  # killed, the parent has not tidied up
            shutil.rmtree(directory, ignore_errors=True)
        code = 0
    finally:
        os._exit(code)
