"""Writes recordings as tests that use the testing kit."""

from __future__ import annotations

import json
import pprint
import re
from typing import TYPE_CHECKING, Any

from functions_framework.model.json_text import is_json

from .compare import headers_that_matter, is_filled_in
from .redaction import holds_redacted
from .replay import request_of
from .secret_names import normal_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from functions_framework.model.request import Request

    from .value import RecordedResponse, Recording

_WIDTH = 88
_HEAD = '''"""Requests that were recorded, and what was answered.

Written by: functions-framework replay --to-pytest
"""

from pathlib import Path
{any_import}
import pytest

from functions_framework.testing import Client

SOURCE = Path(__file__).parent / {source!r}
'''
_FIXTURE = """

@pytest.fixture(scope="module")
def {name}():
    with Client(SOURCE, target={target!r}{signature}) as client:
        yield client
"""


class _Any:
    """Stands for a value that was redacted."""

    def __repr__(self) -> str:
        return "ANY"


def tests_of(recordings: Iterable[Recording], source: str, ignored: Sequence[str]) -> str:
    """The text of a test file.

    Args:
        recordings: those that can be replayed; one that is there twice makes one test.
        source: the function's source, relative to the file's directory.
        ignored: names of headers and JSON keys whose values do not matter.
    """
    fixtures: dict[tuple[str, str], str] = {}
    tests: dict[str, str] = {}
    names: dict[str, int] = {}
    for recording in recordings:
        key = recording.target, recording.signature
        fixture = fixtures.setdefault(key, f"client_{len(fixtures) + 1}" if fixtures else "client")
        body = "\n".join(f"    {line}" for line in _lines(recording, fixture, ignored))
        if body not in tests:
            name = _name(recording)
            names[name] = names.get(name, 0) + 1
            number = f"_{names[name]}" if names[name] > 1 else ""
            tests[body] = f"\n\ndef {name}{number}({fixture}):\n{body}\n"
    text = "".join([*(_fixture(name, *key) for key, name in fixtures.items()), *tests.values()])
    any_import = "from unittest.mock import ANY\n" if re.search(r"\bANY\b", text) else ""
    return _HEAD.format(any_import=any_import, source=source) + text


def _fixture(name: str, target: str, signature: str) -> str:
    given = "" if signature == "http" else f", signature_type={signature!r}"
    return _FIXTURE.format(name=name, target=target, signature=given)


def _name(recording: Recording) -> str:
    asked, answered = recording.request, recording.response
    words = re.findall(r"[a-z0-9]+", asked.path.lower())[:6] or ["root"]
    status = answered.status if answered else 0
    return f"test_{re.sub(r'[^a-z]', '', asked.method.lower())}_{'_'.join(words)}_{status}"


def _lines(recording: Recording, fixture: str, ignored: Sequence[str]) -> Iterator[str]:
    yield from _call(request_of(recording), fixture)
    answered = recording.response
    if answered is None:
        return
    yield f"assert result.status == {answered.status}"
    for name, values in headers_that_matter(answered.headers, ignored).items():
        if any(map(holds_redacted, values)):
            continue
        yield f"assert result.headers.get_all({name!r}) == {values!r}"
    if not answered.is_whole:
        yield "assert not result.is_whole"
    yield from _body_check(answered, ignored)


def _call(request: Request, fixture: str) -> Iterator[str]:
    yield f"result = {fixture}.request("
    yield f"    {request.method!r},"
    yield f"    {request.path!r},"
    if request.query:
        yield f"    query={request.query!r},"
    if request.headers:
        yield "    headers=["
        for pair in request.headers:
            yield f"        {pair!r},"
        yield "    ],"
    if request.body:
        yield f"    data={_bytes(request.body)},"
    yield ")"


def _bytes(content: bytes) -> str:
    if content.isascii():
        return repr(content)
    try:
        return f"{content.decode()!r}.encode()"
    except UnicodeDecodeError:
        return repr(content)


def _body_check(answered: RecordedResponse, ignored: Sequence[str]) -> Iterator[str]:
    body = answered.body
    if body.omitted or body.is_truncated:
        yield "# The body was not recorded to its end."
        return
    if is_json(dict(answered.headers).get("content-type")):
        try:
            value = json.loads(body.content, parse_constant=_refuse)
        except (ValueError, RecursionError):
            pass  # it says JSON and is none, or holds a NaN, which equals nothing
        else:
            checked = _checked(value, frozenset(map(normal_name, ignored)))
            shown = pprint.pformat(checked, width=_WIDTH, sort_dicts=False)
            yield from f"assert result.json == {shown}".splitlines()
            return
    if holds_redacted(body.content.decode("latin-1")):
        yield "# The body holds what was redacted."
    else:
        yield f"assert result.body == {_bytes(body.content)}"


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _checked(value: object, ignored: frozenset[str]) -> Any:
    """A JSON value in which what does not matter equals anything."""
    if isinstance(value, dict):
        is_event = "specversion" in value
        passing = {name for name, item in value.items() if is_event and is_filled_in(name, item)}
        return {
            name: _Any()
            if name in passing or normal_name(name) in ignored
            else _checked(item, ignored)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_checked(item, ignored) for item in value]
    return _Any() if isinstance(value, str) and holds_redacted(value) else value
