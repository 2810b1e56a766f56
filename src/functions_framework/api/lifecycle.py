"""What a user's module runs once per worker: start-up and shut-down hooks, and their resources.

Hooks are registered by decorators (`on_startup`, `on_shutdown`) and run by the server: start-up in
the order of registration before the port opens, shut-down in reverse after the last call ended.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.values import value_class

from .registrations import Registrations, pending, refuse_generator, refuse_uncallable

if TYPE_CHECKING:
    from .registrations import OwnObject

Hook = TypeVar("Hook", bound=Callable[[], Any])
DroppedHook = TypeVar("DroppedHook", bound=Callable[[Any, str], Any])

_log = own_logger("functions_framework")


def on_startup(hook: Hook) -> Hook:
    """Run a function without arguments, `def` or `async def`, before the port opens.

    What it raises ends the server with its traceback and exit code 1.
    """
    pending().startup_hooks.append(_fit("on_startup", hook))
    return hook


def on_shutdown(hook: Hook) -> Hook:
    """Run a function without arguments, `def` or `async def`, after the last call ended.

    What it raises is logged, and the hooks after it still run.
    """
    pending().shutdown_hooks.append(_fit("on_shutdown", hook))
    return hook


def on_snapshot(hook: Hook) -> Hook:
    """Run a function without arguments, `def` or `async def`, before a snapshot of this process.

    Platforms that start functions from a snapshot (AWS Lambda with SnapStart) run it once, after
    start-up; others never. Connections and secrets are best given up here.
    """
    pending().snapshot_hooks.append(_fit("on_snapshot", hook))
    return hook


def on_restore(hook: Hook) -> Hook:
    """Run a function without arguments, `def` or `async def`, where this process is restored.

    It runs in each copy of the snapshot, before its first call. `random` was seeded afresh by then,
    and the framework's own ids differ from copy to copy.
    """
    pending().restore_hooks.append(_fit("on_restore", hook))
    return hook


def readiness(check: Hook) -> Hook:
    """Ask a function without arguments, `def` or `async def`, whether this worker takes calls.

    It is asked when somebody reads `--health-path`. It returns a bool or `(bool, text)`; the text
    is sent where it says no. What it raises is logged, and means no.
    """
    pending().readiness_checks.append(_fit("readiness", check))
    return check


def _fit(decorator: str, hook: Hook) -> Hook:
    """Return a function of no arguments.

    Raises:
        TypeError: it takes some, or a call would not run it.
    """
    refuse_uncallable(decorator, hook, "no arguments", 0)
    refuse_generator(decorator, hook)
    return hook


def on_dropped(hook: DroppedHook) -> DroppedHook:
    """Tell a function, `def` or `async def`, of every event that `Drop` gives up.

    It is called as `hook(event, reason)`: with the CloudEvent, or the pair `(data, context)` of a
    background function, and with the text of the `Drop`. What it raises is a crash of the call, so
    that the event comes again and is not lost.

    Raises:
        TypeError: it does not take these two arguments.
    """
    refuse_uncallable("on_dropped", hook, "two arguments: the event and the reason", 2)
    refuse_generator("on_dropped", hook)
    pending().dropped_hooks.append(hook)
    return hook


@value_class()
class Lifecycle:
    """The hooks, resources and readiness checks of one application.

    Attributes:
        startup_hooks: run in this order.
        shutdown_hooks: run in the reverse order.
        resources: closed after the hooks, the last made first.
        readiness_checks: asked in this order whether it takes calls.
        snapshot_hooks: run before a snapshot of the process, in this order.
        restore_hooks: run in each copy of it, in this order.
        ending: what `stop` is ending, or ended last, as a log names it.
    """

    startup_hooks: Sequence[Callable[[], Any]] = ()
    shutdown_hooks: Sequence[Callable[[], Any]] = ()
    resources: Sequence[OwnObject] = ()
    readiness_checks: Sequence[Callable[[], Any]] = ()
    snapshot_hooks: Sequence[Callable[[], Any]] = ()
    restore_hooks: Sequence[Callable[[], Any]] = ()
    ending: str = ""

    def __bool__(self) -> bool:
        return bool(self.startup_hooks or self.shutdown_hooks or self.resources)

    @classmethod
    def of(cls, registered: Registrations) -> Lifecycle:
        """The life cycle of what a module registered."""
        return cls(
            registered.startup_hooks,
            registered.shutdown_hooks,
            registered.resources,
            registered.readiness_checks,
            registered.snapshot_hooks,
            registered.restore_hooks,
        )

    async def start(self) -> None:
        """Run the start-up hooks on this event loop; the first failure is raised."""
        await run(self.startup_hooks)

    async def stop(self) -> None:
        """Run the shut-down hooks and close the resources; failures are logged."""
        for name, end in self._endings():
            with self._logged(name):
                result = end()
                if inspect.isawaitable(result):
                    await result

    def start_blocking(self) -> None:
        """As `start`, in this thread; what is async runs on the side loop, which goes on."""
        run_blocking(self.startup_hooks)

    def stop_blocking(self) -> None:
        """As `stop`, in this thread and on the side loop."""
        for name, end in self._endings():
            with self._logged(name):
                result = end()
                if inspect.isawaitable(result):
                    _run_aside(result)

    def _endings(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        for hook in reversed(self.shutdown_hooks):
            yield f"shut-down hook {_name_of(hook)!r}", hook
        made = [resource for resource in self.resources if resource.is_made]
        for resource in sorted(made, key=lambda item: item.made_at, reverse=True):
            yield f"resource {_name_of(resource)!r}", resource.close

    @contextmanager
    def _logged(self, name: str) -> Iterator[None]:
        self.ending = name
        try:
            yield
        except Exception:  # noqa: BLE001 - the other endings must still run
            _log.exception("The %s failed while the server was stopping.", name)


async def run(hooks: Sequence[Callable[[], Any]]) -> None:
    """Run hooks one after another on this event loop; the first failure is raised."""
    for hook in hooks:
        result = hook()
        if inspect.isawaitable(result):
            await result


def run_blocking(hooks: Sequence[Callable[[], Any]]) -> None:
    """As `run`, in this thread; what is async runs on the side loop, which goes on."""
    for hook in hooks:
        result = hook()
        if inspect.isawaitable(result):
            _run_aside(result)


def _run_aside(result: Awaitable[Any]) -> None:
    from functions_framework.runtime import background_loop

    async def awaited() -> None:
        await result

    background_loop.run(awaited())


def _name_of(named: Any) -> str:
    return getattr(named, "__name__", None) or repr(named)
