"""Which file is the source: from a file, a directory or nothing at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import MissingSourceException
from functions_framework.loading import source

if TYPE_CHECKING:
    from conftest import SourceTree

pytestmark = pytest.mark.once

HELLO = "def hello(request): return __name__\n"


@pytest.mark.parametrize(
    ("files", "given", "expected"),
    [
        (["main.py"], "main.py", "main.py"),
        (["fn.py"], "fn.py", "fn.py"),
        (["main.py", "src/main.py"], "", "main.py"),
        (["src/main.py"], "", "src/main.py"),
        (["a/main.py"], "a", "a/main.py"),
        (["a/main.py"], "a/", "a/main.py"),
        (["a/src/main.py"], "a", "a/src/main.py"),
        (["with space/ünï çode/mäin.py"], "with space/ünï çode/mäin.py", None),
        (["my-func.py"], "./my-func.py", "my-func.py"),
    ],
)
def test_a_source_is_a_file_or_a_directory(
    sources: SourceTree,
    monkeypatch: pytest.MonkeyPatch,
    files: list[str],
    given: str,
    expected: str | None,
) -> None:
    for file in files:
        sources.put(file, HELLO)
    monkeypatch.chdir(sources.root)
    wanted = sources.root / (expected or files[0])
    assert source.locate(given) == wanted
    assert source.locate(sources.root / given) == wanted
    assert source.locate(os.fsencode(sources.root / given)) == wanted  # type: ignore[arg-type]
    function = sources.load("hello", given)
    assert function.call(None).isidentifier() or "-" in function.call(None)


@pytest.mark.parametrize("given", [None, ""])
def test_no_source_and_an_empty_one_mean_the_working_directory(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    sources.write(main=HELLO)
    monkeypatch.chdir(sources.root)
    assert source.locate(given) == sources.root / "main.py"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("nope.py", "File {root}/nope.py that is expected to define function doesn't exist"),
        ("empty", "File {root}/empty/main.py that is expected to define function doesn't exist"),
        ("notes.txt", "File {root}/notes.txt that is expected to define function isn't a Python"),
        ("odd", "File {root}/odd/main.py that is expected to define function isn't a Python"),
        ("fn.py/x.py", "that is expected to define function doesn't exist"),
        ("x" * 300 + ".py", "that is expected to define function cannot be read"),
        ("loop.py", "that is expected to define function"),
    ],
)
def test_what_is_not_a_source_is_said_in_one_line(
    sources: SourceTree, given: str, expected: str
) -> None:
    sources.write(fn=HELLO)
    sources.put("notes.txt", "")
    (sources.root / "empty").mkdir()
    (sources.root / "odd" / "main.py").mkdir(parents=True)
    (sources.root / "loop.py").symlink_to(sources.root / "loop.py")
    with pytest.raises(MissingSourceException) as failure:
        source.locate(sources.root / given)
    text = str(failure.value)
    assert expected.format(root=sources.root) in text
    assert "\n" not in text


def test_a_missing_source_names_the_python_files_beside_it(sources: SourceTree) -> None:
    sources.write(orders=HELLO, users=HELLO)
    with pytest.raises(MissingSourceException, match=r": orders\.py, users\.py\. Pick one"):
        source.locate(sources.root / "main.py")
