"""Reading callgrind's profiles: instructions by function and by the file it was loaded from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_NAMED = re.compile(r"(ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=\((\d+)\)(?: (.*))?")


class Place(NamedTuple):
    """A function of the machine code.

    Attributes:
        library: the file it was loaded from, last part of its name.
        function: its symbol.
    """

    library: str
    function: str


def read(lines: Iterable[str]) -> Counter[Place]:
    """Instructions spent in each function itself, without what it calls.

    Follows the "Callgrind Format Specification" of the Valgrind manual: names are given once with
    a number and then by the number alone; the line after `calls=` is the callee's cost.
    """
    found: Counter[Place] = Counter()
    names: dict[tuple[str, str], str] = {}
    library = function = "?"
    is_callee_cost = False
    for line in lines:
        named = _NAMED.match(line)
        if named:
            kind, number, text = named.groups()
            space = {"cob": "ob", "cfn": "fn"}.get(kind, kind)
            if text is not None:
                names[space, number] = text.rpartition("/")[2] if space == "ob" else text
            if kind == "ob":
                library = names[space, number]
            elif kind == "fn":
                function = names[space, number]
        elif line.startswith("calls="):
            is_callee_cost = True
        elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
            if not is_callee_cost:
                found[Place(library, function)] += int(line.split()[1])
            is_callee_cost = False
    return found


def per_request(
    few: Counter[Place], many: Counter[Place], requests: int
) -> list[tuple[Place, float]]:
    """Instructions per request from two runs that differ by `requests`, most costly first.

    What does not depend on the number of requests (start-up, loading, ending) cancels.
    """
    places = set(few) | set(many)
    spent = [(place, (many[place] - few[place]) / requests) for place in places]
    return sorted(spent, key=lambda item: -item[1])


def by_library(spent: Iterable[tuple[Place, float]]) -> list[tuple[str, float]]:
    """The same by library, most costly first."""
    total: Counter[str] = Counter()
    for place, cost in spent:
        total[place.library] += cost  # type: ignore[assignment] # a Counter adds floats as well
    return sorted(total.items(), key=lambda item: -item[1])
