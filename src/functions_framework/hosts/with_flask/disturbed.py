"""Whether anybody has begun to listen to Flask or changed its class: asked before each request.

CPython marks a class whose attributes it may cache, and takes the mark from that class and all
classes below it when one of its attributes is set. A class of ours below Flask's that nobody looks
anything up in has its mark until then: one number tells of every change. Interpreters that keep no
such mark (from 3.13) compare what the class holds for each step of Flask's dispatch.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import flask
from flask import signals

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNALS = (
    signals.request_started.receivers,
    signals.request_finished.receivers,
    signals.request_tearing_down.receivers,
    signals.appcontext_pushed.receivers,
    signals.appcontext_popped.receivers,
    signals.appcontext_tearing_down.receivers,
)
_steps: Callable[[Any], tuple[Any, ...]] = attrgetter(
    "__call__",
    "wsgi_app",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
    "request_context",
)


def has_listeners() -> bool:
    """Whether anyone listens to a signal that only Flask's own dispatch sends."""
    return any(_SIGNALS)


def _below(watched: Any) -> Any:
    """A class below another that nobody looks anything up in."""
    return type("Probe", (watched,), {})


def _mark(probe: Any) -> int:
    """Set the mark, which takes a look-up; what the flags are with it."""
    hasattr(probe, "step")
    flags: int = probe.__flags__
    return flags


def _is_marking() -> bool:
    """Whether this interpreter marks classes: tried out, as no interface tells."""
    watched = type("Watched", (), {"step": None})
    probe = _below(watched)
    flags = _mark(probe)
    watched.step = 1  # type: ignore[attr-defined]
    return bool(probe.__flags__ != flags)


def _by_mark() -> tuple[Callable[[], bool], Callable[[], None]]:
    probe = _below(flask.Flask)
    flags = _mark(probe)
    # One by one: asking `any` would be half of all this.
    started, finished, tearing_down, pushed, popped, leaving = _SIGNALS

    def remember() -> None:
        _mark(probe)

    def is_disturbed() -> bool:
        if started or finished or tearing_down or pushed or popped or leaving:
            return True
        is_changed: bool = probe.__flags__ != flags
        return is_changed

    return is_disturbed, remember


def _by_steps() -> tuple[Callable[[], bool], Callable[[], None]]:
    known = _steps(flask.Flask)

    def remember() -> None:
        nonlocal known
        known = _steps(flask.Flask)

    return lambda: any(_SIGNALS) or _steps(flask.Flask) != known, remember


# Whether somebody listens, or the class changed since `remember` was called last.
is_disturbed, remember = _by_mark() if _is_marking() else _by_steps()
