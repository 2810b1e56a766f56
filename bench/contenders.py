"""How each contender serves a case: its command line, its environment and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .cases import Case
from .exchange import HOST, Exchange
from .installs import Installs
from .places import FUNCTIONS

OURS = "ours"
REF = "ref"
BARE = "bare"
BARE_READ = "bare-read"
LEAST = "least"
NODE = "node"

LABELS = {
    OURS: "this framework",
    REF: "reference",
    BARE: "bare Granian",
    BARE_READ: "bare Granian, reading the event",
    LEAST: "bare Granian, making the argument",
    NODE: "Node.js framework",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """What is needed to start one server and to ask it something.

    Attributes:
        name: contender and case, for logs.
        argv: the command; `{port}` in it stands for the port.
        environ: variables beside the few that every server gets (`PORT` among them).
        exchange: the request it is measured with.
    """

    name: str
    argv: list[str]
    exchange: Exchange
    environ: Mapping[str, str] = field(default_factory=dict)


def launch(contender: str, case: Case, installs: Installs, *more: str, **environ: str) -> Launch:
    """How a contender serves a case; see `contenders_for` for which can.

    Args:
        contender: one of `LABELS`.
        case: what is served.
        installs: where the contenders are.
        more: further options, for this framework alone.
        environ: variables.
    """
    name = f"{contender}-{case.name}"
    if contender == OURS:
        argv = [*_framework(installs.ours, case, case.source), *more]
        return Launch(name, argv, case.exchange, environ)
    if contender == REF:
        argv = _framework(installs.reference, case, case.reference or case.source)
        return Launch(name, argv, case.exchange, environ)
    if contender == NODE:
        assert installs.node is not None
        return Launch(name, _node(installs.node, case), _node_exchange(case))
    if contender == LEAST:
        return Launch(name, granian(installs.ours, case.least, module="least"), case.exchange)
    is_reading = contender == BARE_READ
    app = ("rsgi" if case.is_async else "wsgi") + ("_read" if is_reading else "")
    hello = Exchange(answer=b"Hello world!")
    asked = replace(case.exchange, status=200, answer=b"Hello world!") if is_reading else hello
    return Launch(name, granian(installs.ours, app), asked)


def contenders_for(case: Case, installs: Installs) -> tuple[str, ...]:
    """Who takes part in a case, in the order they take turns."""
    found = [REF]
    if case.has_bare:
        found.append(BARE)
        if case.exchange.body:
            found.append(BARE_READ)
    if case.least:
        found.append(LEAST)
    found.append(OURS)
    if installs.node is not None and case.node is not None:
        found.append(NODE)
    return tuple(found)


def entrants(case: Case, installs: Installs, among: Sequence[str] = ()) -> list[tuple[str, Launch]]:
    """Each contender of a case with what it starts, in the order they take turns.

    Args:
        case: the case.
        installs: what is installed.
        among: leave out everyone else; nobody is left out without it.
    """
    return [
        (who, launch(who, case, installs))
        for who in contenders_for(case, installs)
        if not among or who in among
    ]


def _framework(place: Path, case: Case, source: str) -> list[str]:
    # An absolute path stays itself.
    argv = [str(place / "bin" / "functions-framework"), "--source", str(FUNCTIONS / source)]
    argv += ["--host", HOST, "--port", "{port}"]
    if case.target:
        argv += ["--target", case.target]
    if case.signature is not None:
        argv += ["--signature-type", case.signature]
    return argv


def granian(place: Path, app: str, *more: str, module: str = "bare") -> list[str]:
    """The command of an application in `functions`; its name begins with its interface."""
    argv = [str(place / "bin" / "granian"), "--interface", app.partition("_")[0], "--host", HOST]
    return [*argv, "--port", "{port}", "--working-dir", str(FUNCTIONS), *more, f"{module}:{app}"]


def _node(place: Path, case: Case) -> list[str]:
    argv = [str(place / "node_modules" / ".bin" / "functions-framework"), "--target", case.target]
    argv += ["--source", str(FUNCTIONS / "node"), "--signature-type", str(case.node)]
    return [*argv, "--port", "{port}"]


def _node_exchange(case: Case) -> Exchange:
    if case.node == "http":
        return case.exchange
    return replace(case.exchange, status=204, answer=b"")
