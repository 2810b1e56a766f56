"""What a user would pick instead: how each is started, for two functions that all of them serve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .cases import CASES, Case
from .contenders import NODE, OURS, Launch, launch
from .exchange import HOST
from .installs import Installs
from .places import FUNCTIONS
from .points import Point
from .session import Session

OURS_ASYNC = "ours-async"
LABELS = {
    OURS: "this framework, `def`",
    OURS_ASYNC: "this framework, `async def`",
    "go": "Go net/http",
    "robyn": "Robyn",
    "starlette-bare": "Starlette's classes, bare, on uvicorn",
    "starlette": "Starlette on uvicorn",
    "blacksheep": "BlackSheep on uvicorn",
    "fastapi-granian": "FastAPI on Granian",
    "fastapi": "FastAPI on uvicorn",
    "flask": "Flask on gunicorn (gthread)",
    NODE: "Node.js framework",
}
STRONGEST = "starlette-bare"
"""The peer that async functions are held to."""
ROUNDS = 3
_APPS = FUNCTIONS / "peers"
_UVICORN = (
    "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
)  # fmt: skip


def run(session: Session) -> list[Point]:
    """Everyone in turns, a greeting and JSON in and out."""
    found: list[Point] = []
    cases = {case.name: case for case in CASES}
    for name in ("http", "json"):
        pairs = [
            (OURS, launch(OURS, cases[name], session.installs)),
            (OURS_ASYNC, launch(OURS, _written_for_us(cases[f"async-{name}"]), session.installs)),
        ]
        for who in LABELS:
            one = peer(who, cases[name], session.installs)
            if one is not None:
                pairs.append((who, one))
        found += session.alternate(name, pairs, rounds=min(ROUNDS, session.plan.rounds))
    return found


def _written_for_us(case: Case) -> Case:
    """An async case as somebody writes it here: the reference takes no tuple of three."""
    return replace(case, source="async_order.py") if case.name == "async-json" else case


def peer(who: str, case: Case, installs: Installs) -> Launch | None:
    """How a peer serves a case, None for one that isn't installed."""
    if who == NODE:
        return launch(NODE, case, installs) if installs.node is not None else None
    if who == "go":
        argv = [str(installs.go)] if installs.go is not None else None
    elif who in _COMMANDS and installs.peers is not None:
        argv = _COMMANDS[who](installs.peers / "bin")
        if not Path(argv[0]).exists() or who in installs.missing:
            argv = None
    else:
        argv = None
    return Launch(f"{who}-{case.name}", argv, case.exchange) if argv else None


def _uvicorn(app: str) -> Callable[[Path], list[str]]:
    def command(place: Path) -> list[str]:
        argv = [str(place / "uvicorn"), app, "--app-dir", str(_APPS), "--host", HOST]
        return [*argv, "--port", "{port}", *_UVICORN]

    return command


def _flask(place: Path) -> list[str]:
    argv = [str(place / "gunicorn"), "flask_app:app", "--chdir", str(_APPS), "--workers", "1"]
    return [*argv, "--worker-class", "gthread", "--threads", "8", "--bind", f"{HOST}:{{port}}"]


def _granian(place: Path) -> list[str]:
    argv = [str(place / "granian"), "fastapi_app:app", "--working-dir", str(_APPS)]
    return [*argv, "--interface", "asgi", "--host", HOST, "--port", "{port}"]


def _robyn(place: Path) -> list[str]:
    argv = [str(place / "python"), str(_APPS / "robyn_app.py"), "--log-level", "WARN"]
    return [*argv, "--disable-openapi"]


_COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "robyn": _robyn,
    "starlette-bare": _uvicorn("starlette_app:bare"),
    "starlette": _uvicorn("starlette_app:app"),
    "blacksheep": _uvicorn("blacksheep_app:app"),
    "fastapi-granian": _granian,
    "fastapi": _uvicorn("fastapi_app:app"),
    "flask": _flask,
}
