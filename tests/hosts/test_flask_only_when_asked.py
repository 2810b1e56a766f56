"""A function that doesn't import Flask is served without running it, and nobody can tell."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Serves each case in a child of its own, twice, as what runs Flask changes the process.
PROBE = """
import json, logging, os, sys
source, is_first = sys.argv[1], sys.argv[2] == "first"
if is_first:
    import flask
sys.path.insert(0, os.path.dirname(source))
from functions_framework.calls.respond import respond
from functions_framework.hosts.build import load_and_build
from functions_framework.model.request import Request
from functions_framework.runtime.unrun_packages import has_run
from functions_framework.settings import Settings

class Kept(logging.Handler):
    def emit(self, record):
        error = record.exc_info and record.exc_info[1]
        kept.append([record.levelname, record.getMessage(), repr(error)])

kept = []
logging.root.addHandler(Kept())
served = load_and_build(Settings.load({"target": "hello", "source": source}, {}))
assert has_run("flask") is is_first
for name, method, query, headers, body in json.load(sys.stdin):
    reader, writer = os.pipe()
    if os.fork() == 0:
        asked = Request(method, name, query, tuple(map(tuple, headers)), body.encode())
        answers = [respond(served.host, asked) for _ in range(2)]
        seen = [(one.status, sorted(one.headers), one.body.decode("latin-1")) for one in answers]
        os.write(writer, json.dumps([[*seen, kept], has_run("flask")]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        print(told.read(), flush=True)
"""

SOURCE = """
import functions_framework
HANDLER
def hello(request):
    import helper
    return helper.CASES[request.path.split("/")[1].replace("-", " ")](request)
"""

HANDLER = """
@functions_framework.errorhandler(ZeroDivisionError)
def zero(error): return "zero", 418
"""

HELPER = """
import inspect, io, sys, threading
from functions_framework.exceptions import MalformedRequest, RequestTimeoutException
from werkzeug.exceptions import MethodNotAllowed, abort
from werkzeug.wrappers import Response

def raises(error):
    def call(request): raise error
    return call

def with_flask(text):
    def call(request):
        names = {"request": request}
        body = "".join(f"\\n  {line}" for line in text.splitlines())
        exec(f"import flask\\ndef call(request):{body}", names)
        return names["call"](request)
    return call

def starlette_error():
    from starlette.exceptions import HTTPException
    raise HTTPException(418, "tea", {"X-A": "1"})

def in_thread(request):
    found = []
    def look():
        from flask import current_app, has_app_context
        found.append(f"{has_app_context()} {bool(current_app)}")
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]

def imports_flask_below():
    import flask.views, flask.testing
    return f"{flask.views.View.__name__} {flask.testing.FlaskClient.__name__} {flask.json.__name__}"

def connects(request):
    import flask
    seen = getattr(flask, "seen", None)
    if seen is None:
        flask.seen = seen = []
        flask.listen = lambda sender, **_: seen.append(sender.name)
        flask.request_started.connect(flask.listen)
    return seen

CASES = {
    "str": lambda _: "Hello world!",
    "bytes": lambda _: b"abc",
    "dict": lambda _: {"b": 1, "a": "\\u00e9"},
    "body, status": lambda _: ("made", 201),
    "dict, status, headers": lambda _: ({"a": 1}, 203, {"X-A": "1"}),
    "json": lambda request: {"got": request.get_json()},
    "silent json": lambda request: {"got": request.get_json(silent=True)},
    "form": lambda request: {**request.form, **request.args},
    "stream": lambda request: request.stream.read(),
    "view args": lambda request: str(request.view_args),
    "route": lambda request: f"{request.endpoint} {request.url_rule} {request.blueprints}",
    "url": lambda request: f"{request.url} {request.host} {request.remote_addr} {request.is_json}",
    "generator": lambda _: iter(["a", "b"]),
    "response": lambda _: Response("r", 418, {"X-A": "1"}),
    "abort": lambda _: abort(409),
    "abort response": lambda _: abort(Response("stop", 409)),
    "crash": raises(ValueError("secret")),
    "exit": raises(SystemExit(3)),
    "interrupt": raises(KeyboardInterrupt()),
    "abort 500": lambda _: abort(500),
    "allowed": raises(MethodNotAllowed(valid_methods=["PUT"])),
    "starlette": lambda _: starlette_error(),
    "late": raises(RequestTimeoutException("late")),
    "refused": raises(MalformedRequest("refused")),
    "handled": raises(ZeroDivisionError()),
    "none": lambda _: None,
    "no content": lambda _: ("", 204),
    "jsonify": with_flask("return flask.jsonify(a=1)"),
    "from import": with_flask("from flask import jsonify\\nreturn jsonify(a=1)"),
    "below": with_flask("from flask.json import jsonify\\nreturn jsonify(a=1)"),
    "globals": with_flask(
        "flask.g.a = 1\\n"
        "assert flask.request == request and flask.has_app_context()\\n"
        "return f'{flask.g.a} {flask.current_app.name} {flask.request.path}'"
    ),
    "after": with_flask(
        "@flask.after_this_request\\n"
        "def add(response):\\n"
        "  response.headers['X-After'] = '1'\\n"
        "  return response\\n"
        "return 'after'"
    ),
    "url for": with_flask("return flask.url_for('run', path='abc')"),
    "template": with_flask("return flask.render_template_string('{{ request.path }}')"),
    "session": with_flask("return str('user' in flask.session)"),
    "context": with_flask(
        "def parts():\\n"
        "  yield flask.request.path\\n"
        "return flask.Response(flask.stream_with_context(parts()))"
    ),
    "copied": with_flask(
        "@flask.copy_current_request_context\\n"
        "def inner():\\n"
        "  return flask.request.path + flask.current_app.name\\n"
        "return inner()"
    ),
    "kinds": with_flask("return f'{isinstance(request, flask.Request)} {type(request).__name__}'"),
    "config": with_flask("return {'debug': flask.current_app.debug, 'v': flask.__version__}"),
    "listener": connects,
    # Programs that look through all modules, as debuggers and watchers of files do.
    "stack": lambda _: inspect.stack()[0].function,
    "modules": lambda _: sys.modules["flask"].__name__ + str(vars(sys.modules["flask"])["Flask"]),
    "files": lambda _: str(all(hasattr(one, "__name__") for one in sys.modules.values())),
    "reload": with_flask("import importlib\\nreturn importlib.reload(flask).__name__"),
    "thread": in_thread,
    "copied objects": with_flask(
        "import copy, pickle\\n"
        "return str(pickle.loads(pickle.dumps(flask.Flask)) is copy.deepcopy(flask.Flask))"
    ),
    "library": lambda _: imports_flask_below(),
}
"""

TYPE_JSON = ["content-type", "application/json"]
TYPE_FORM = ["content-type", "application/x-www-form-urlencoded"]
# What stays without Flask, and what has it run: by name, method, query, headers, body.
WITHOUT: list[tuple[str, str, str, list[list[str]], str]] = [
    *(
        (name, "GET", "q=1", [], "")
        for name in (
            "str", "bytes", "dict", "body,-status", "view-args", "stack", "files", "interrupt",
        )
    ),
    *((name, "POST", "", [TYPE_JSON], '{"a": [1]}') for name in ("json", "silent-json", "stream")),
    ("silent-json", "POST", "", [TYPE_JSON], "{"),
    ("dict,-status,-headers", "PUT", "", [TYPE_JSON], "{}"),
    ("url", "FOO", "a=%20", [["host", "example.com"]], ""),
]  # fmt: skip
# What is answered without Flask where no handler was registered.
ERRORS: list[tuple[str, str, str, list[list[str]], str]] = [
    ("json", "POST", "", [], "{}"),
    ("crash/a\nb", "GET", "", [], ""),
    ("abort/a//\u00fc\x00", "GET", "", [], ""),
    *(
        (name, "POST", "", [], "body")
        for name in (
            "crash", "exit", "handled", "abort", "abort-500", "abort-response",
            "allowed", "starlette", "late", "refused",
        )
    ),
]  # fmt: skip
WITH: list[tuple[str, str, str, list[list[str]], str]] = [
    ("str", "HEAD", "", [], ""),
    ("robots.txt", "GET", "", [], ""),
    ("json", "POST", "", [TYPE_JSON], "{"),
    ("form", "POST", "q=1", [TYPE_FORM], "a=1&b=%20"),
    ("route/a\nb", "GET", "", [], ""),
    *(
        (name, "POST", "", [], "body")
        for name in (
            "route", "generator", "response",
            "none", "no-content", "jsonify", "from-import", "below", "globals", "after", "url-for",
            "template", "session", "context", "copied", "kinds", "config", "listener",
            "modules", "reload", "thread", "copied-objects", "library",
        )
    ),
]  # fmt: skip


CASES = [*WITHOUT, *ERRORS, *WITH]


def _served(place: Path, when: str, *, has_handler: bool) -> list[Any]:
    (place / "main.py").write_text(SOURCE.replace("HANDLER", HANDLER if has_handler else ""))
    (place / "helper.py").write_text(HELPER)
    cases = [(f"/{name}", *rest) for name, *rest in CASES]
    probe = [sys.executable, "-c", PROBE, str(place / "main.py"), when]
    told = subprocess.run(
        probe, input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=100
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.fixture(scope="module", params=[True, False], ids=["handler", "no handler"])
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bool, dict[str, list[Any]]]:
    place = tmp_path_factory.mktemp("source")
    has_handler: bool = request.param
    whens = ("first", "never")
    return has_handler, {when: _served(place, when, has_handler=has_handler) for when in whens}


@pytest.mark.parametrize("at", range(len(CASES)))
def test_responses_and_records_are_the_same(
    at: int, answers: tuple[bool, dict[str, list[Any]]]
) -> None:
    has_handler, found = answers
    (first, _), (never, has_run) = found["first"][at], found["never"][at]
    name = CASES[at][0]
    assert never == first, name
    is_without = CASES[at] in WITHOUT or (CASES[at] in ERRORS and not has_handler)
    assert has_run is not is_without, name
