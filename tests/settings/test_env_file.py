"""Files of environment variables: their rules, and the commands that take one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.settings import env_file
from functions_framework.settings.env_file import BadLine
from functions_framework.settings.options import InvalidSettingException
from support.served_source import refused, served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"), ("A=", ""), ("A = b c ", "b c"), ("export A=b", "b"), ("  export\tA=b", "b"),
        ("A=b # comment", "b"), ("A=b#c", "b#c"), ("A=#b", "#b"), ("A= # comment", ""),
        ("A='b # c'", "b # c"), ("A='b' # comment", "b"), ('A="b"# comment', "b"),
        (r"A='a\n'", r"a\n"), (r'A="a\n\t\"\\\$"', 'a\n\t"\\$'), (r'A="\w"', r"\w"),
        ("A='a\nb'", "a\nb"), ('A="a\nb"\nB=c', "a\nb"), ('A=""', ""),
        ("A=$HOME", "$HOME"), ('A="${HOME}"', "${HOME}"), ("A=a=b", "a=b"),
        ("A=it's", "it's"), ("A=b\r\nB=c\r\n", "b"), ("\n\n# x\n \t# y\nA=b\n\n", "b"),
        ("A=a\nA=b", "b"), ("export=x\nA=b", "b"), ("A=é", "é"), ("B=$A\nA=b", "b"),
    ],
)  # fmt: skip
def test_values(text: str, value: str) -> None:
    assert env_file.parse(text)["A"] == value


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("A=1\nhunter2", 2, "expected NAME=value"),
        ("export A", 1, "expected NAME=value"),
        ("\n=x", 2, "expected NAME=value"),
        ("1A=x", 1, "expected NAME=value"),
        ("A-B=x", 1, "expected NAME=value"),
        ("A='a\nb\nc", 1, "the quote is never closed"),
        ('A="a\\"', 1, "the quote is never closed"),
        ("B='x\ny'\nA='b' c", 3, "text after the closing quote"),
        ("A=a\0b", 1, "NUL"),
    ],
)
def test_bad_lines_are_named_and_not_shown(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadLine, match=reason) as caught:
        env_file.parse(text)
    assert caught.value.line == line
    assert "hunter2" not in str(caught.value)


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])))
def test_any_value_can_be_written_in_double_quotes(value: str) -> None:
    written = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    assert env_file.parse(f'export A="{written}" # x\nB=1') == {"A": value, "B": "1"}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    line, found = 1, dict[str, str]()
    try:
        found = env_file.parse(text)
    except BadLine as error:
        line = error.line
    assert 1 <= line <= text.count("\n") + 1
    assert all(name.isidentifier() for name in found)


def test_what_is_set_already_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.env"
    file.write_bytes("\ufeffA=1\nB=2\nC=3\n".encode())
    environ = {"A": "own", "B": ""}
    env_file.apply(str(file), environ)
    assert environ == {"A": "own", "B": "", "C": "3"}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"A=1\n\xff=x", "bad.env:2: the file is not UTF-8."),
        (b"A=1\nx", "bad.env:2: expected NAME=value"),
        (None, "--env-file: bad.env cannot be read: No such file or directory."),
    ],
)
def test_bad_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "bad.env").write_bytes(content)
    environ: dict[str, str] = {}
    with pytest.raises(InvalidSettingException) as caught:
        env_file.apply("bad.env", environ)
    assert str(caught.value).startswith(text)
    assert (caught.value.exit_code, environ) == (2, {})


SOURCE = """
import os, functions_framework
WHO = os.environ["WHO"]
PLANET = os.environ["PLANET"]

@functions_framework.http
def hello(request):
    return f"{WHO} {PLANET} {os.environ.get('HOW')}"

def other(request):
    return "other"
"""


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    return subprocess.run(
        [sys.executable, "-m", "functions_framework", *arguments],
        cwd=directory, env={**kept, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE)
    (tmp_path / "my.env").write_text("WHO='Ada'\nexport PLANET=\"Earth\" # home\nHOW=$WHO\n")
    return tmp_path


def test_a_server_takes_settings_and_variables_from_it(project: Path) -> None:
    (project / "more.env").write_text("FUNCTION_TARGET=other\nWHO=x\nPLANET=y\nLOG_LEVEL=debug\n")
    with served(project, SOURCE, "--env-file", "my.env", WHO="Eve") as (_, client):
        assert client.get("/").text == "Eve Earth $WHO"
    with served(project, SOURCE, "--env-file=more.env") as (_, client):
        assert client.get("/").text == "other"


def test_the_commands_take_it(project: Path) -> None:
    for arguments in (("invoke", "--env-file", "my.env"), ("--env-file", "my.env", "invoke")):
        called = run(project, *arguments)
        assert (called.returncode, called.stdout) == (0, "Ada Earth $WHO"), called.stderr
    checked = run(project, "check", "--env-file", "my.env")
    assert checked.returncode == 0, checked.stdout
    bad = run(project, "invoke", "--env-file", "main.py")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert (
        bad.stderr == "Error: main.py:2: expected NAME=value, the name of letters, digits and _.\n"
    )
    assert run(project, "--env-file", "none.env").returncode == 2


MISSING = (
    "Error: The source needs environment variables that are not set: WHO (main.py:3), "
    "PLANET (main.py:4). Set them, or name a file that holds them: --env-file FILE.\n"
)


def test_missing_variables_are_told_together(project: Path) -> None:
    called = run(project, "invoke")
    assert (called.returncode, called.stdout, called.stderr) == (2, "", MISSING)
    assert refused(project, SOURCE) == (1, MISSING)
    one = run(project, "invoke", WHO="Ada")
    assert one.stderr == MISSING.replace("WHO (main.py:3), ", "")


def test_another_key_error_is_shown_as_it_is(project: Path) -> None:
    code, said = refused(project, "import os\nprint({}['x'], os.environ['NOT_SET'])\n", target="f")
    assert code == 1
    assert "KeyError: 'x'" in said
    called = run(project, "invoke")
    assert (called.returncode, "KeyError: 'x'" in called.stderr) == (1, True)
