"""What `check` does: reads the source, loads it, compares the function with its signature."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.calls.pipeline import Pipeline
from functions_framework.exceptions import (
    FunctionsFrameworkException,
    MissingOptionException,
    MissingTargetException,
)
from functions_framework.loading.diagnosis import bad_encoding, diagnosis
from functions_framework.loading.import_clock import ImportCost, timed_imports
from functions_framework.loading.load import find_source
from functions_framework.loading.needed_variables import NeededVariable, needed_variables
from functions_framework.loading.parameters import misfit
from functions_framework.model.function import Function, Signature, code_of
from functions_framework.signatures.annotations import parameters, resolve
from functions_framework.signatures.event_parameters import event_parameter

from .blocking_calls import blocking_calls
from .faults import BadInput, as_bad_input
from .findings import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from functions_framework.settings import Settings

# A worker starts only when the source is loaded, so this is felt in every cold start.
SLOW_SECONDS = 1.0


@dataclass(slots=True)
class Report:
    """The outcome of a check.

    Attributes:
        source: the file.
        functions: what would be served, none when it could not be loaded.
        findings: what is wrong, by line.
        imports: what the source's imports cost, the slowest first.
        load_seconds: how long loading took, None when it did not get to its end.
    """

    source: Path
    functions: list[Function] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    imports: list[ImportCost] = field(default_factory=list)
    load_seconds: float | None = None

    def count(self, level: str) -> int:
        """How many findings are of a level."""
        return sum(finding.level == level for finding in self.findings)


def check(
    settings: Settings,
    slow_seconds: float = SLOW_SECONDS,
    limited: Callable[[Report], AbstractContextManager[None]] | None = None,
    platforms: Sequence[str] = (),
) -> Report:
    """Check the functions that the settings name, all there are by default, without serving them.

    Args:
        settings: what names them.
        slow_seconds: loading that takes longer is warned of.
        limited: makes what stands around the load, given what was found so far; nothing when
            omitted.
        platforms: where it is to run; what will not work there is found as well.

    Raises:
        BadInput: there is no such source or function.
    """
    with as_bad_input():
        path = find_source(settings.target, settings.source)
    report = Report(path)
    tree = _parsed(path)
    if isinstance(tree, Finding):
        report.findings.append(tree)
        return report
    report.findings += blocking_calls(tree)
    missing = [one for one in needed_variables(tree) if one.name not in os.environ]
    report.findings += [_unset(variable) for variable in missing]
    with nullcontext() if limited is None else limited(report):
        _load(report, settings, {one.name for one in missing if one.is_at_load})
    for platform in platforms:
        report.findings += _shortcomings(platform, report, settings, tree)
    if report.load_seconds is not None and report.load_seconds > slow_seconds:
        report.findings.append(_slow(report, report.load_seconds))
    report.findings.sort(key=lambda finding: finding.line or 0)
    return report


def _parsed(path: Path) -> ast.Module | Finding:
    if text := bad_encoding(path):
        return Finding(ERROR, "syntax", text)
    try:
        return ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        return Finding(ERROR, "syntax", f"{error.msg}.", error.lineno)
    except ValueError as error:
        return Finding(ERROR, "syntax", f"The file isn't Python: {error}.")


def _shortcomings(
    platform: str, report: Report, settings: Settings, tree: ast.Module
) -> list[Finding]:
    from functions_framework.deployment.suitability import shortcomings

    return [
        Finding(one.level, one.code, one.text, one.line)
        for one in shortcomings(platform, report.functions, settings, tree)
    ]


def _unset(variable: NeededVariable) -> Finding:
    when = "to load" if variable.is_at_load else "when it is called"
    return Finding(
        ERROR if variable.is_at_load else WARNING,
        "missing-variable",
        f"The environment variable {variable.name} is not set; the source needs it {when}.",
        variable.line,
    )


def _load(report: Report, settings: Settings, missing: set[str]) -> None:
    path = report.source
    before = time.perf_counter() - _seconds_queued()
    try:
        with contextlib.redirect_stdout(sys.stderr), timed_imports(path) as costs:
            report.imports = costs
            pipeline = Pipeline(
                settings.source or "", settings.target, settings.signature_type, None, None
            )
    except (MissingTargetException, MissingOptionException) as error:
        raise BadInput(str(error)) from None
    except FunctionsFrameworkException as error:
        report.findings.append(Finding(ERROR, "function", str(error)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code
        if not (isinstance(error, KeyError) and error.args and error.args[0] in missing):
            report.findings.append(_load_failure(path, error))
    else:
        report.load_seconds = time.perf_counter() - _seconds_queued() - before
        report.functions = pipeline.functions
        report.findings += _signature_findings(pipeline.functions)
        report.findings += _protobuf_findings(pipeline.functions)
        report.findings += _event_findings(pipeline.functions)
    report.imports.sort(key=lambda cost: -cost.seconds)


def _seconds_queued() -> float:
    """How long this thread has waited for processors that others had: not the source's doing.

    Linux alone tells (proc(5), `schedstat`); it's 0 elsewhere.
    """
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _load_failure(path: Path, error: BaseException) -> Finding:
    line = None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            line = frame.tb_lineno
        frame = frame.tb_next
    text = diagnosis(error, path)
    if text is not None:
        return Finding(ERROR, "load", text, line)
    said = "".join(f": {first}" for first in str(error).splitlines()[:1])
    return Finding(ERROR, "load", f"Loading raised {type(error).__name__}{said}", line)


def _slow(report: Report, seconds: float) -> Finding:
    packages: dict[str, float] = {}
    for cost in report.imports:
        name = cost.module.partition(".")[0]
        packages[name] = packages.get(name, 0.0) + cost.seconds
    costly = sorted(packages.items(), key=lambda item: -item[1])[:3]
    slowest = [f"{name} {spent:.1f} s" for name, spent in costly if spent > 0.1]
    cause = f", of which {', '.join(slowest)}" if slowest else ""
    return Finding(
        WARNING,
        "slow-import",
        f"Loading takes {seconds:.1f} s{cause}; each cold start waits for it. Import what few "
        "calls need inside the function.",
    )


def _signature_findings(functions: list[Function]) -> list[Finding]:
    """Compare the parameters of functions with how their signatures call them."""
    found = []
    for function in functions:
        fault = misfit(function)
        if fault is not None:
            code = code_of(function.call)
            line = code.co_firstlineno if code else None
            found.append(Finding(ERROR, "signature", fault, line))
    return found


def _event_findings(functions: list[Function]) -> list[Finding]:
    """Warn of a class of data that names the event: a note for readers, and a wrong one."""
    from functions_framework.signatures.types.field_types import has_fields, is_typed_dict

    found = []
    for function in functions:
        first = parameters(function.call)[:1]
        is_noted = function.signature is Signature.CLOUDEVENT and not function.protocol and first
        if not is_noted or event_parameter(function):
            continue
        with contextlib.suppress(NameError, SyntaxError, TypeError):
            noted = resolve(function.call, first[0].annotation)
            if has_fields(noted) and not is_typed_dict(noted):
                code = code_of(function.call)
                text = (
                    f"The function {function.name!r} gets the CloudEvent as {first[0].name!r}, not "
                    "its data. Take the data as a second argument: "
                    f"def {function.name}(event, {first[0].name}: {noted.__name__})."
                )
                line = code.co_firstlineno if code else None
                found.append(Finding(WARNING, "event-data", text, line))
    return found


def _protobuf_findings(functions: list[Function]) -> list[Finding]:
    """Warn of events that arrive as protobuf where nothing reads that."""
    found = []
    for function in functions:
        parameter = None if function.protocol else event_parameter(function)
        if parameter is None or not any(item.cls.is_sent_as_protobuf for item in parameter.wanted):
            continue
        if importlib.util.find_spec("google.events") is None:
            code = code_of(function.call)
            found.append(
                Finding(
                    WARNING,
                    "protobuf",
                    f"The function {function.name!r} takes events that Eventarc sends as protobuf, "
                    "which nothing reads here. Install functions-framework[google-events].",
                    code.co_firstlineno if code else None,
                )
            )
    return found
