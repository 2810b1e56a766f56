"""The samples there are: finds and reads their files."""

from __future__ import annotations

import difflib
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.model.json_merge import merge_patch

from ..patterns import fits
from .sample import Sample, SampleFault

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parent / "data"


def names() -> list[str]:
    """The names of all samples, sorted."""
    return sorted(path.stem for path in DATA.glob("*.json"))


@functools.cache
def find(name: str) -> Sample:
    """The sample of a name.

    Raises:
        SampleFault: there is none.
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise SampleFault(
            f"There is no sample {name!r}.{hint} 'functions-framework events list' names them all."
        )
    return Sample.of(name, _described(name))


def names_with_field(flag: str) -> list[str]:
    """The names of the samples that have a field with this option, those of fewer words first."""
    having = [
        name for name in names() if any(flag == field.flag for field in find(name).fields.values())
    ]
    return sorted(having, key=lambda name: (name.count("-"), name))


def names_of_types(patterns: Sequence[str]) -> list[str]:
    """The names of the samples whose events are of one of these types."""
    return [name for name in names() if any(fits(find(name).kind, one) for one in patterns)]


def _described(name: str) -> dict[str, Any]:
    own: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    extended = own.pop("extends", None)
    if extended is None:
        return own
    merged: dict[str, Any] = merge_patch(_described(extended), own)
    return merged
