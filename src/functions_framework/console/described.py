"""What is served, as the console shows it: functions, their inputs, samples for them, the load."""

from __future__ import annotations

import inspect
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.events.samples import catalogue, forms
from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.hosts.openapi.document import document
from functions_framework.hosts.routes import paths_of
from functions_framework.model.function import Function, Signature, place_of

if TYPE_CHECKING:
    from functions_framework.loading.import_clock import LoadReport

_LONGEST = 8 * 1024
_USUAL = {Signature.CLOUDEVENT: "cloudevent", Signature.EVENT: "pubsub"}


class Shown(NamedTuple):
    """What the console shows.

    Attributes:
        name: the names of the functions.
        functions: what is served, as the user wrote it.
        source: the file they are from, None where it is not known.
        fault: why the source could not be loaded, None where it could.
        report: what the load took.
    """

    name: str
    functions: tuple[Function, ...]
    source: Path | None
    fault: str | None
    report: LoadReport


def describe(shown: Shown) -> dict[str, Any]:
    """All of it in JSON's terms."""
    functions = list(shown.functions)
    described = _document(functions)
    is_sampled = any(item.signature is not Signature.TYPED for item in functions)
    return {
        "name": shown.name,
        "source": str(shown.source or ""),
        "fault": shown.fault,
        "load": shown.report.as_json(),
        "functions": [
            _function(item, path or "/", described, shown.source)
            for path, item in (paths_of(functions) if functions else ())
        ],
        "components": described.get("components", {}).get("schemas", {}),
        "samples": [_sample(name) for name in catalogue.names()] if is_sampled else [],
    }


def _document(functions: list[Function]) -> dict[str, Any]:
    # Types that cannot be described have a form of plain JSON.
    with suppress(FunctionsFrameworkException):
        return document(functions)
    return {"paths": {}}


def _function(
    function: Function, path: str, described: dict[str, Any], source: Path | None
) -> dict[str, Any]:
    text = _source_of(function)
    file, _, line = place_of(function.call).rpartition(":")
    signature = function.signature
    operation = described["paths"].get(path, {}) if signature is Signature.TYPED else {}
    return {
        "name": function.name,
        "path": path,
        "signature": function.protocol or str(signature),
        "async": function.is_async,
        "file": file,
        "shown": _relative(file, source),
        "line": int(line) if line.isdigit() else None,
        "source": text[:_LONGEST],
        "doc": inspect.getdoc(function.call) or "",
        "operation": operation.get("post"),
        **({} if function.protocol else _samples(function, text)),
    }


def _source_of(function: Function) -> str:
    with suppress(OSError, TypeError):
        return inspect.getsource(inspect.unwrap(function.call))
    return ""


def _relative(file: str, source: Path | None) -> str:
    if source is not None and Path(file).is_relative_to(source.parent):
        return str(Path(file).relative_to(source.parent))
    return Path(file).name


def _samples(function: Function, text: str) -> dict[str, Any]:
    """The samples a function can be sent, each with its form, and the one that fits best."""
    found = {
        name: form
        for name in catalogue.names()
        if (form := forms.form_for(catalogue.find(name), function.signature)) is not None
    }
    if function.signature is Signature.HTTP:
        # What services post as it is; any other event is none for such a function.
        found = {name: form for name, form in found.items() if form == "push"}
    return {"samples": found, "sample": _best(found, function, text)}


def _best(found: dict[str, str], function: Function, text: str) -> str | None:
    """The sample whose type the function's code names, else the one its own name is about."""
    kinds = {name: catalogue.find(name).kind for name in found}
    named = next((name for name, kind in kinds.items() if "." in kind and kind in text), None)
    if named is not None or function.signature is Signature.HTTP:
        return named
    words = function.name.lower().replace("_", "-")
    about = (name for name in sorted(found, key=len, reverse=True) if name in words)
    return next(about, _USUAL.get(function.signature))


def _sample(name: str) -> dict[str, Any]:
    sample = catalogue.find(name)
    return {
        "name": name,
        "title": sample.title,
        "kind": sample.kind,
        "forms": forms.forms_of(sample),
        "fields": [field._asdict() for field in sample.fields.values()],
    }
