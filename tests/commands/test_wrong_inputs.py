"""What people get wrong most, and the one line that says so: real processes, the line in full."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from functions_framework.settings import options

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

ALLOWED = (
    "expected a str, bytes, dict, list, iterator or Response, or a tuple (body, status), "
    "(body, headers) or (body, status, headers)."
)
RETURN = "Exception on / [GET]: The function 'hello' ({dir}/main.py:1) returned "
PLAIN = "def hello(request):\n    return 'hello'\n"
MISSING = "File {} that is expected to define function doesn't exist."
SOURCE_FILE = "is a file, and a target is a function's name. Did you mean --source"
HINT = "Got unexpected extra argument"


class Wrong(NamedTuple):
    """A wrong input: the main.py, what is typed, the line that comes, and with which exit code."""

    source: str
    typed: str
    line: str
    code: int = 2


def result(value: str, found: str, prefix: str = "") -> Wrong:
    source = f"{prefix}def hello(request): return {value}\n"
    return Wrong(source, "invoke hello", f"{RETURN}{found}: {ALLOWED}", 1)


def line(text: str, code: int, typed: str = "--target hello", source: str = PLAIN) -> Wrong:
    return Wrong(source, typed, text, code)


TWO = "def one(request): ...\ndef two(request): ...\n"
WRONG = [
    # What a function returns.
    result("None", "None"),
    result("5", "an int"),
    result("True", "a bool"),
    result("{1}", "a set"),
    result("object()", "an object"),
    result("(None, 204)", "a tuple whose body is None"),
    result("('a', 1, {}, 2)", "a tuple of 4 elements"),
    result("None", "None", "async "),
    # What a function takes.
    line("{dir}/main.py:1: The function 'hello' takes (); one with the signature http is called "
         "with one argument, the request. Add it: def hello(request).",
         1, source="def hello(): ...\n"),
    line("{dir}/main.py:1: The function 'hello' takes (data, context); one with the signature http "
         "is called with one argument, the request. If it takes events, decorate it with "
         "@functions_framework.event, or pass --signature-type event.",
         1, source="def hello(data, context): ...\n"),
    line("{dir}/main.py:1: The function 'hello' takes (event); one with the signature event is "
         "called with two arguments, data and context. If it takes CloudEvents, decorate it with "
         "@functions_framework.cloud_event, or pass --signature-type cloudevent.",
         1, "--target hello --signature-type event", "def hello(event): ...\n"),
    # What a source needs, and how it is written.
    line("main.py:1 imports 'cv2', which isn't installed. Run: pip install opencv-python-headless "
         "(and add it to requirements.txt)", 1, source="import cv2\n"),
    line("main.py:1 imports 'google.cloud.storage', which isn't installed. Run: pip install "
         "google-cloud-storage (and add it to requirements.txt)",
         1, source="from google.cloud import storage\n"),
    line("main.py:1 imports 'pandas', which isn't installed. Run: pip install -r requirements.txt",
         1, source="import pandas\n"),
    line("main.py:1 imports 'helprs', which isn't installed. Did you mean 'helpers'? Else run: pip "
         "install helprs (and add it to requirements.txt)", 1, source="import helprs\n"),
    line("main.py:2: the file isn't UTF-8 (byte 0xe9): save it as UTF-8, or name its encoding in "
         "the first line: # -*- coding: latin-1 -*-", 1, source="latin-1:# x\nA = 'caf\xe9'\n"),
    line("main.py is UTF-16: save it as UTF-8.", 1, source="utf-16:A = 1\n"),
    line("The source needs environment variables that are not set: API_URL (main.py:2). Set them, "
         "or name a file that holds them: --env-file FILE.",
         1, source="import os\nos.environ['API_URL']\n"),
    # How the function is named.
    line("File {dir}/main.py is expected to contain a function named 'helo'. Found: 'hello' "
         "instead. Did you mean 'hello'?", 1, "--target helo"),
    line("File {dir}/main.py is expected to contain a function named 'main.hello'. Found: 'hello' "
         "instead. Did you mean 'hello'?", 1, "--target main.hello"),
    line("File {dir}/main.py is expected to contain a function named 'a.app.start'. Found: 'hello' "
         "instead. Did you mean --target a.app:start?", 1, "--target a.app.start"),
    line("There is no main.py in {dir}/b to hold the function 'c.app'. Did you mean --target "
         "c.app:NAME?", 1, "--target c.app --source b"),
    line("No module 'b.app' in {dir} nor among the installed packages. A module is named from that "
         "directory on; --source names another.", 1, "--target b.app:hello"),
    line(f"The target 'a/app.py' {SOURCE_FILE} a/app.py --target NAME?", 1, "--target a/app.py"),
    line(f"The target 'a/app.py:hello' {SOURCE_FILE} a/app.py --target hello?",
         1, "--target a/app.py:hello"),
    line("Missing option '--target'. {dir}/main.py holds 'one', 'two'. Name one with --target or "
         "FUNCTION_TARGET.", 2, "", TWO),
    line(f"{HINT} (hello). Did you mean --target hello?", 2, "hello"),
    # How the source is named.
    line(f"{HINT} (a/app.py). Did you mean --source a/app.py?", 2, "a/app.py"),
    line(f"{MISSING.format('b/app.py')} Did you mean --source a/app.py?",
         1, "--target hello --source b/app.py"),
    line(f"{MISSING.format('a.app')} Did you mean --source a/app.py?",
         1, "--target hello --source a.app"),
    line(f"{MISSING.format('main:hello')} Did you mean --source main.py --target hello?",
         1, "--source main:hello"),
    # Commands and options.
    line("No such option '--taget'. Did you mean --target?", 2, "--taget hello"),
    line("No such option '--prot'. Did you mean --port?", 2, "--prot 8080"),
    line(f"{HINT} (serve). It serves without a command: functions-framework --target NAME",
         2, "serve"),
    line(f"{HINT} (chek). Did you mean 'check'?", 2, "chek"),
    line(f"{HINT} (\u2013debug). '\u2013' isn't the hyphen of options. Did you mean --debug?",
         2, "--target hello \u2013debug"),
    line(f"{HINT} (true). Switches such as --debug take no value: leave it out.",
         2, "--target hello --debug true"),
    line(f"{HINT} (help). Did you mean '--help'?", 2, "help"),
    line("No such option '-p'. Did you mean --port?", 2, "-p 8080"),
    line("No such option '-h'. Did you mean --help or --host or --header-timeout?", 2, "-h"),
    line("No such option '-X'.", 2, "-X"),
    line("Invalid value for '--port': '80a': expected a whole number.", 2, "--port 80a"),
    line("Invalid value 'nowhere' for --reload-dir: there is no such directory.",
         1, "--target hello --reload --reload-dir a,nowhere"),
    line("Cannot listen on host 'localhost:80': Name or service not known. Give the port with "
         "--port, and an address of this machine with --host, such as 0.0.0.0, 127.0.0.1 or ::.",
         1, "--target hello --host localhost:80"),
    # What --openapi cannot load.
    line("main.py:1 imports 'helprs', which isn't installed. Did you mean 'helpers'? Else run: pip "
         "install helprs (and add it to requirements.txt)", 1, "--openapi", "import helprs\n"),
    line("Cannot listen on host 'nowhere.invalid': Name or service not known. Give an address of "
         "this machine with --host, such as 0.0.0.0, 127.0.0.1 or ::.",
         1, "--target hello --host nowhere.invalid"),
]  # fmt: skip


def written(directory: Path, source: str) -> None:
    encoding, _, text = source.rpartition(":") if source[:3] in {"lat", "utf"} else ("", "", source)
    (directory / "main.py").write_text(text or source, encoding=encoding or "utf-8")
    (directory / "requirements.txt").write_text("pandas>=2\n")
    (directory / "helpers.py").write_text("")
    for folder in ("a", "b/c"):
        (directory / folder).mkdir(parents=True)
        (directory / folder / "app.py").write_text(PLAIN)


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{one.typed} {one.source}"[:60] for one in WRONG])
def test_one_line_says_what_is_wrong_and_what_to_do(wrong: Wrong, tmp_path: Path) -> None:
    written(tmp_path, wrong.source)
    own = {option.variable for option in options().values()}
    answer = subprocess.run(
        [sys.executable, "-B", "-m", "functions_framework", *wrong.typed.split()],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        env={name: value for name, value in os.environ.items() if name not in own},
    )  # fmt: skip
    expected = wrong.line.replace("{dir}", str(tmp_path.resolve()))
    told = [line for line in answer.stderr.splitlines() if not line.startswith("Try 'python -m ")]
    assert told, answer
    if wrong.typed.startswith("invoke"):
        record, outcome = told
        assert record.partition("functions_framework: ")[2] == expected
        assert outcome.startswith("500 Internal Server Error")
    else:
        assert told == [f"Error: {expected}"]
        assert answer.stdout == ""
    assert answer.returncode == wrong.code
