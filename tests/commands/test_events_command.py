"""`functions-framework events`: every sample in every format, and faults in one line."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from functions_framework.commands import invoke
from functions_framework.commands.cli import program
from functions_framework.events.samples import catalogue, forms


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["events", *arguments], prog_name="functions-framework")


def test_list_names_every_sample() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == catalogue.names()
    assert max(map(len, result.stdout.splitlines())) <= 80
    typed = run("list", "--types").stdout
    assert [line.split()[0] for line in typed.splitlines()] == catalogue.names()
    assert "google.cloud.pubsub.topic.v1.messagePublished" in typed


@pytest.mark.parametrize("name", catalogue.names())
def test_show_in_each_form_and_as_curl(name: str) -> None:
    sample = catalogue.find(name)
    for form in forms.forms_of(sample):
        result = run("show", name, "--format", form)
        assert result.exit_code == 0, result.stderr
        _, blank, body = result.stdout.partition("\n\n")
        assert json.loads(body if blank else result.stdout) is not None
    words = shlex.split(run("show", name, "--format", "curl").stdout.replace("\\\n", ""))
    assert words[:2] == ["curl", "http://localhost:8080/"]
    assert json.loads(words[-1]) is not None


def test_fields_and_data_are_options() -> None:
    shown = json.loads(
        run("show", "storage", "--bucket", "b", "--size", "7", "--format", "structured").stdout
    )
    assert (shown["data"]["bucket"], shown["data"]["size"], shown["id"]) == (
        "b", "7", catalogue.find("storage").fields["id"].default,
    )  # fmt: skip
    replaced = run("show", "pubsub", "--data", '{"a": 1}', "--format", "structured").stdout
    assert json.loads(replaced)["data"] == {"a": 1}
    assert "content-type" not in run("show", "pubsub", "--format", "push").stdout


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://h", "https://h/"),
        ("https://h/api", "https://h/api"),
        ("https://h:1/api?a=1", "https://h:1/api?a=1"),
    ],
)
def test_curl_asks_for_the_url_that_was_given(url: str, written: str) -> None:
    shown = run("show", "pubsub", "--format", "curl", "--url", url).stdout.replace("\\\n", "")
    assert shlex.split(shown)[:2] == ["curl", written]


def test_help_of_a_sample_cites_its_sources() -> None:
    shown = run("show", "kafka", "--help").stdout
    assert "https://knative.dev/docs/eventing/sources/kafka-source/" in shown
    assert '[default {"order": 1}]' in " ".join(shown.split())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("show", "pubsup"), "no sample 'pubsup'. Did you mean 'pubsub'?"),
        (("show", "stripe", "--format", "binary"), "'stripe' has no CloudEvent form"),
        (("show", "kafka", "--format", "background"), "no background form"),
        (("show", "storage", "--size", "x"), "'size' takes a whole number, found 'x'"),
        (("show", "pubsub", "--attributes", "{"), "is not JSON: Expecting property name"),
        (("show", "pubsub", "--data", '{"a"\n 1}'), "Expecting ':' delimiter at line 2, column 2"),
        (("show", "pubsub", "--bucket", "b"), "No such option"),
        (("show", "pubsub", "--format", "xml"), "'xml' is not one of"),
        (("lst",), "No such command 'lst'"),
    ],
)  # fmt: skip
def test_bad_input_is_told_and_exits_2(arguments: tuple[str, ...], text: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert text in result.stderr
    assert result.stderr.startswith("Error: ")


def test_no_field_has_the_name_of_an_option_of_invoke() -> None:
    own = {flag for param in invoke.command.params for flag in param.opts}
    fields = {
        field.flag for name in catalogue.names() for field in catalogue.find(name).fields.values()
    }
    assert not own & fields


def test_the_real_command_loads_no_server() -> None:
    code = (
        "import sys; from functions_framework.commands.cli import program\n"
        "try:\n    program(sys.argv[1:])\nexcept SystemExit as end: print(end.code)\n"
        "heavy = {'flask', 'granian', 'asyncio', 'cloudevents', 'msgspec', 'starlette'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    for arguments, heavy in ((["--help"], "[]"), (["events", "list"], "[]")):
        shown = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert shown.stdout.splitlines()[-2:] == ["0", heavy]
