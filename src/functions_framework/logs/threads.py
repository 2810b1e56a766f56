"""Carrying the call into threads its function starts, which inherit no context variables.

Installed by the command only. Carried are the framework's one variable and what `carry` was given
(the span in progress, where calls are traced), nothing else: a context variable of the user's own
behaves as usual. A thread keeps the call that started it for as long as it runs; a task given to a
`ThreadPoolExecutor` has the call that submitted it, and the pool's threads themselves have none.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from functions_framework.model.execution import Execution, execution
from functions_framework.runtime.escaping import printable
from functions_framework.runtime.import_hooks import on_import

from .crash import log_exception

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from types import ModuleType

Enter = Callable[[], Callable[[], object]]
"""Makes a thread part of what was captured; what it returns undoes that."""

_start = threading.Thread.start
_submit: Callable[..., Future[Any]]
_captures: list[Callable[[], Enter]] = []


def carry(capture: Callable[[], Enter]) -> None:
    """Carry something else along with the call.

    Args:
        capture: called where a thread is started or a task is submitted, during a call.
    """
    _captures.append(capture)


def install() -> None:
    """Carry calls into threads started and tasks submitted from now on.

    An exception that ends a thread is logged as one record, not printed as a line for each frame,
    unless the user sets `threading.excepthook`.
    """
    threading.Thread.start = _carrying_start  # type: ignore[method-assign]
    on_import("concurrent.futures.thread", _carry_tasks)
    threading.excepthook = _log_thread_crash


def _carry_tasks(pools: ModuleType) -> None:
    global _submit  # noqa: PLW0603 - the class has one
    _submit = pools.ThreadPoolExecutor.submit
    pools.ThreadPoolExecutor.submit = _carrying_submit


def _carrying_start(self: threading.Thread) -> None:
    running = execution.get()
    # The threads of a multiprocessing.pool.ThreadPool outlive the call that happens to make it.
    if running is not None and type(self).__module__ != "multiprocessing.dummy":
        enters = [capture() for capture in _captures]
        self.run = functools.partial(  # type: ignore[method-assign]
            _run, self, running, enters
        )
    _start(self)


def _run(thread: threading.Thread, running: Execution, enters: list[Enter]) -> None:
    del thread.run  # the class's own again, and no cycle
    execution.set(running)
    for enter in enters:
        enter()
    try:
        thread.run()
    finally:
        _end(running)


def _carrying_submit(
    self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Future[Any]:
    running = execution.get()
    if running is None:
        return _submit(self, fn, *args, **kwargs)
    # The pool may start a thread now; it must not keep this call for tasks of later ones.
    token = execution.set(None)
    try:
        enters = [capture() for capture in _captures]
        return _submit(self, _in_call, running, enters, fn, args, kwargs)
    finally:
        execution.reset(token)


def _in_call(
    running: Execution,
    enters: list[Enter],
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    token = execution.set(running)
    leaves = [enter() for enter in enters]
    try:
        return fn(*args, **kwargs)
    finally:
        for leave in reversed(leaves):
            leave()
        _end(running)
        execution.reset(token)


def _end(running: Execution) -> None:
    if running.unfinished:
        from .streams import flush_thread

        flush_thread(running)


def _log_thread_crash(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else "unknown"
    log_exception(f"Exception in thread {printable(name)}", args.exc_value)
