"""What an execution environment does besides calling: it ends, and it is copied (SnapStart)."""

from __future__ import annotations

import os
import random
import signal
import threading
from typing import TYPE_CHECKING

from functions_framework.model import execution
from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from functions_framework.api.lifecycle import Lifecycle

    from .sandbox import Sandbox

_log = own_logger("functions_framework.server")

_API = "AWS_LAMBDA_RUNTIME_API"
_INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
_FROM_SNAPSHOT = "snap-start"


def is_there() -> bool:
    """Whether this process has a Runtime API, as on Lambda."""
    return bool(os.environ.get(_API))


def join(sandbox: Sandbox, lifecycle: Lifecycle) -> None:
    """Have a handler told of the end, and of snapshots, where Lambda tells anybody.

    Args:
        sandbox: the handler.
        lifecycle: its hooks.
    """
    if os.environ.get(_INITIALIZATION) == _FROM_SNAPSHOT:
        _join_snapshots(sandbox, lifecycle)
    is_main = threading.current_thread() is threading.main_thread()
    if lifecycle and is_main and is_there():
        signal.signal(signal.SIGTERM, lambda *_: sandbox.end())


def _join_snapshots(sandbox: Sandbox, lifecycle: Lifecycle) -> None:
    try:
        import snapshot_restore_py
    except ImportError:
        if lifecycle.snapshot_hooks or lifecycle.restore_hooks:
            _log.warning(
                "The hooks of on_snapshot and on_restore never run: this image lacks "
                "snapshot-restore-py. Run: pip install snapshot-restore-py"
            )
        return

    def before() -> None:
        sandbox.calls.run(lifecycle.snapshot_hooks)

    def after() -> None:
        # Each copy would draw the same numbers else.
        random.seed()
        execution.reseed()
        sandbox.calls.run(lifecycle.restore_hooks)

    snapshot_restore_py.register_before_snapshot(before)
    snapshot_restore_py.register_after_restore(after)
