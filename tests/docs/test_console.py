"""The tools that run the pages' examples notice when a page is wrong."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from docs import curl
from docs.console import Console, matches
from docs.pages import Block, Command, Scenario, commands, scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("OK", "OK\n", True),
        ("OK", "NO\n", False),
        ("OK", "OK\nmore\n", False),
        ("...", "anything\nat all\n", True),
        ("a ... c", "a b c", True),
        ("a ... c", "a b d", False),
        ("...id...\n400", "MissingRequiredFields: id\n400", True),
        ("1.5", "1x5", False),
        ("", "something", False),
    ],
)
def test_output_is_compared_to_the_letter_except_for_dots(
    shown: str, printed: str, *, expected: bool
) -> None:
    assert matches(shown, printed) is expected


def test_a_console_block_is_commands_and_their_output() -> None:
    block = Block("console", "$ one \\\n    -a\nfirst\nsecond\n$ two '{\n  3\n}' 4\n$ five\n", 10)
    assert commands(block) == [
        Command("one -a", ("first", "second"), 10),
        Command("two '{\n  3\n}' 4", (), 14),
        Command("five", (), 17),
    ]


def test_a_heading_starts_a_scenario(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# T\n```python\n# main.py\n```\n## A\nno block\n## B\n```console\n$ x\n```\n")
    assert scenarios(page) == [
        Scenario(page, "top", (Block("python", "# main.py\n", 3),)),
        Scenario(page, "B", (Block("console", "$ x\n", 9),)),
    ]


def test_an_open_fence_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\n")
    with pytest.raises(ValueError, match="never closed"):
        scenarios(page)


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("# main.py", "main.py"),
        ("<!-- templates/page.html -->", "templates/page.html"),
        ("# Dockerfile", "Dockerfile"),
        ("# reads main.py", None),
        ("import main", None),
    ],
)
def test_a_comment_that_is_only_a_name_names_the_file(first: str, name: str | None) -> None:
    assert Block("python", f"{first}\nx = 1\n", 1).file_name == name


HELLO = Block("python", "# main.py\ndef hello(request):\n    return 'Hello'\n", 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("$ functions-framework --target hello\n...\n$ curl localhost:8080\nBye\n", "it printed"),
        ("$ functions-framework --target nobody\n", "nobody"),
        ("$ functions-framework --target nobody\nError: other\n", "it printed"),
        ("$ curl-like localhost:8080\n", "cannot run"),
        ("$ python -c 'raise SystemExit(3)'\n", "failed"),
    ],
    ids=["other-output", "silent-failure", "other-failure", "unknown-program", "failed-script"],
)
def test_a_page_that_is_wrong_fails(text: str, complaint: str, tmp_path: Path) -> None:
    with Console(tmp_path) as console, pytest.raises(AssertionError, match=complaint):
        console.play([HELLO, Block("console", text, 5)])


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        kept = [f"{name}: {self.headers[name]}" for name in ("Content-Type", "X-A", "Accept")]
        body = "\n".join([f"{self.command} {self.path}", *kept, self.rfile.read(length).decode()])
        self.send_response(207)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-X", "DELETE"],
        ["-d", "a=1"],
        ["-d", '{"a": 1}', "-H", "Content-Type: application/json", "-H", "X-A: b"],
        ["-d", "@body.txt", "-X", "PUT", "-w", "\\n%{http_code}\\n"],
        ["-s", "-o", "body.out", "-w", "%{http_code}"],
    ],
    ids=lambda arguments: " ".join(arguments) or "plain",
)
def test_the_stand_in_does_what_curl_does(arguments: list[str], echo: str, tmp_path: Path) -> None:
    (tmp_path / "body.txt").write_text("from a file")
    real = subprocess.run(
        ["curl", "-sS", *arguments, f"{echo}/p?q=1"], cwd=tmp_path, capture_output=True, check=True
    )
    assert curl.run([*arguments, f"{echo}/p?q=1"], tmp_path) == real.stdout.decode()
