"""Debuggers and coverage in the engine's threads, which the interpreter did not start.

Such tools ask `threading` to trace every new thread, which it does for its own only.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from functions_framework.model.interfaces import Environ

    from ..wire.interfaces import SyncCall, SyncProtocol


def is_debugged() -> bool:
    """Whether a debugger of an editor is attached, or may attach any moment."""
    return "pydevd" in sys.modules


def unseen() -> AbstractContextManager[object]:
    """Within it, processes of ours are started that no debugger is to take along.

    Nobody has breakpoints there; and debugpy, when two processes come to it at once, may answer the
    editor for neither of them any more.
    """
    skip = getattr(sys.modules.get("_pydev_bundle.pydev_monkey"), "skip_subprocess_arg_patch", None)
    return nullcontext() if skip is None else skip()


def traced(call: SyncCall) -> SyncCall:
    """What the engine calls, itself as long as no tool is there to trace anything.

    A debugger may also be there and attach later, so it is asked at each call.
    """
    import threading

    debugger = _debugger()
    if debugger is not None:

        def call_debugged(protocol: SyncProtocol, scope: Environ) -> None:
            # Debuggers look a thread up among those `threading` knows; this makes it one of them.
            threading.current_thread()
            debugger()
            call(protocol, scope)

        return call_debugged
    if threading.gettrace() is None and threading.getprofile() is None:
        return call

    def call_traced(protocol: SyncProtocol, scope: Environ) -> None:
        if sys.gettrace() is None:
            sys.settrace(threading.gettrace())
        if sys.getprofile() is None:
            sys.setprofile(threading.getprofile())
        call(protocol, scope)

    return call_traced


def _debugger() -> Callable[[], object] | None:
    """What makes debugpy, or PyCharm's pydevd it stands on, see the thread that calls it."""
    debugpy = sys.modules.get("debugpy")
    if debugpy is not None:
        return lambda: debugpy.trace_this_thread(True)  # noqa: FBT003 - its only form
    pydevd = sys.modules.get("pydevd")
    if pydevd is None:
        return None

    def trace_this_thread() -> None:
        attached = pydevd.get_global_debugger()
        if attached is not None:
            attached.enable_tracing()

    return trace_this_thread
