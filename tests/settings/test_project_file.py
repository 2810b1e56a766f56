"""Settings in pyproject.toml: their names, their values, what beats them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.settings import project_file
from functions_framework.settings.options import InvalidSettingException
from support.served_source import written
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = "def hello(request):\n    return ''\n"
TABLE = "[tool.functions-framework]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pyproject.toml"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("target = 'hello'", {"target": "hello"}),
        ("port = 9000", {"port": 9000}),
        ("grace-period = 2.5", {"grace_period": 2.5}),
        ("max-body-size = '10M'", {"max_body_size": 10 * 2**20}),
        ("access-log = true", {"access_log": True}),
        ("docs = false", {"docs": False}),
        ("target = ['a', 'b']", {"target": "a,b"}),
        ("", {}),
    ],
)
def test_settings_have_the_names_of_flags(project: Path, text: str, found: dict[str, Any]) -> None:
    project.write_text(TABLE + text)
    assert project_file.read() == found


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("prot = 1", "[tool.functions-framework] has no setting 'prot'. Did you mean 'port'?"),
        ("access_log = true", "has no setting 'access_log'. Did you mean 'access-log'?"),
        ("port = '80a'", "port = '80a': expected a whole number."),
        ("port = true", "port = True: expected a text or a number."),
        ("port = {}", "port = {}: expected a text or a number."),
        ("debug = 'yes'", "debug = 'yes': expected true or false."),
        ("port = ", "pyproject.toml isn't TOML: Invalid value"),
    ],
)
def test_what_is_wrong_is_one_line(project: Path, text: str, error: str) -> None:
    project.write_text(TABLE + text)
    with pytest.raises(InvalidSettingException) as caught:
        project_file.read()
    assert str(caught.value).startswith("pyproject.toml")
    assert error in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[ tool . functions-framework ]\nport = 9000",
        "[tool.'functions-framework']\nport = 9000",
        "[tool]\nfunctions-framework = {port = 9000}",
        "[tool]\nfunctions-framework.port = 9000",
        "tool = {functions-framework = {port = 9000}}",
        "tool.functions-framework.port = 9000",
    ],
)
def test_the_table_may_be_written_as_toml_allows(project: Path, text: str) -> None:
    project.write_text(text)
    assert project_file.read() == {"port": 9000}


def test_a_setting_in_the_place_of_the_table_is_refused(project: Path) -> None:
    project.write_text("[tool]\nfunctions-framework = 3\n")
    with pytest.raises(InvalidSettingException, match="is a table of settings"):
        project_file.read()


@pytest.mark.parametrize("text", ["", "[tool.other]\nport = 1\n", "not = [", "tool = 1"])
def test_a_file_without_the_table_is_not_read(project: Path, text: str) -> None:
    project.write_text(text)
    assert project_file.read() == {}


def test_flags_beat_variables_these_an_env_file_that_the_project_and_that_defaults(
    tmp_path: Path,
) -> None:
    source = written(tmp_path, SOURCE)
    toml, dotenv = tmp_path / "pyproject.toml", tmp_path / ".env"
    toml.write_text(f"{TABLE}target = 'hello'\nthreads = 3\ntimeout = 9\n")
    dotenv.write_text("THREADS=4\n")
    for flags, variables, threads in (
        (["--reload", "--threads", "6"], {"THREADS": "5"}, 6),
        (["--reload"], {"THREADS": "5"}, 5),
        (["--reload"], {}, 4),
        ([], {}, 3),
    ):
        with ServerProcess.start(source, None, *flags, **variables) as server:
            server.ready()
            assert f"threads {threads}, timeout 9 s, grace period 8 s" in server.log
    toml.unlink()
    with ServerProcess.start(source, "hello") as server:
        assert "threads 128, timeout none" in server.ready().log


def test_a_wrong_setting_ends_the_start(tmp_path: Path) -> None:
    source = written(tmp_path, SOURCE)
    (tmp_path / "pyproject.toml").write_text(f"{TABLE}prot = 1\n")
    with ServerProcess.start(source, "hello") as server:
        assert server.exit_code(20) == 2
        assert server.log == (
            "Error: pyproject.toml: [tool.functions-framework] has no setting 'prot'. Did you mean "
            "'port'?\n"
        )
