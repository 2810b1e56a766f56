"""How each contender serves a case: its command line, its environment and what it must answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
NODE = "node"

LABELS = {
    OURS: "this framework",
    REF: "reference",
    BARE: "bare Granian",
    BARE_READ: "bare Granian, reading the event",
    NODE: "Node.js framework",
}
EVERYONE = frozenset(LABELS)


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


def launch(contender: str, case: Case, installs: Installs) -> Launch:
    """How a contender serves a case; see `contenders_for` for which can."""
    name = f"{contender}-{case.name}"
    if contender in (OURS, REF):
        place = installs.ours if contender == OURS else installs.reference
        return Launch(name, _framework(place, case), case.exchange)
    if contender == NODE:
        assert installs.node is not None
        return Launch(name, _node(installs.node, case), _node_exchange(case))
    is_reading = contender == BARE_READ
    app = ("asgi" if case.is_async else "wsgi") + ("_read" if is_reading else "")
    hello = Exchange(answer=b"Hello world!")
    asked = replace(case.exchange, status=200, answer=b"Hello world!") if is_reading else hello
    return Launch(name, _granian(installs.ours, app, is_async=case.is_async), asked)


def contenders_for(
    case: Case, installs: Installs, among: Collection[str] = EVERYONE
) -> tuple[str, ...]:
    """Who takes part in a case, in the order they take turns.

    Args:
        case: the case.
        installs: what is installed.
        among: those that are asked about.
    """
    found = [REF]
    if case.at_least_bare is not None:
        found.append(BARE)
        if case.exchange.body:
            found.append(BARE_READ)
    found.append(OURS)
    if installs.node is not None and case.node is not None:
        found.append(NODE)
    return tuple(name for name in found if name in among)


def _framework(place: Path, case: Case) -> list[str]:
    argv = [str(place / "bin" / "functions-framework"), "--target", case.target]
    argv += ["--source", str(FUNCTIONS / case.source), "--host", HOST, "--port", "{port}"]
    if case.signature is not None:
        argv += ["--signature-type", case.signature]
    return argv


def _granian(place: Path, app: str, *, is_async: bool) -> list[str]:
    # `asginl` is ASGI without the lifespan protocol, which a two-line app does not speak.
    interface = "asginl" if is_async else "wsgi"
    argv = [str(place / "bin" / "granian"), "--interface", interface, "--host", HOST]
    return [*argv, "--port", "{port}", "--working-dir", str(FUNCTIONS), f"bare:{app}"]


def _node(place: Path, case: Case) -> list[str]:
    argv = [str(place / "node_modules" / ".bin" / "functions-framework"), "--target", case.target]
    argv += ["--source", str(FUNCTIONS / "node"), "--signature-type", str(case.node)]
    return [*argv, "--port", "{port}"]


def _node_exchange(case: Case) -> Exchange:
    if case.node == "http":
        return case.exchange
    return replace(case.exchange, status=204, answer=b"")
