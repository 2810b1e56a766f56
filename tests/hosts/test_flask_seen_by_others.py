"""Programs that look at Flask in ways of their own see the same whether it was imported or not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

# Serves each case in two children of its own, with `import flask` on top of its source and without.
PROBE = """
import json, os, sys, threading
from functions_framework.calls.respond import respond
from functions_framework.hosts.build import load_and_build
from functions_framework.model.request import Request
from functions_framework.settings import Settings

def answers(place, main, asked):
    os.makedirs(place)
    sys.path.insert(0, place)
    with open(f"{place}/main.py", "w") as file:
        file.write(main)
    served = load_and_build(Settings.load({"target": "hello", "source": f"{place}/main.py"}, {}))
    found = []
    def ask(method, path):
        headers = (("content-type", "application/json"), ("host", "example.com"))
        reply = respond(served.host, Request(method, path, "", headers, b'{"a": 1}'))
        headers = sorted(pair for pair in reply.headers if pair[0].lower() != "set-cookie")
        found.append([reply.status, headers, reply.body.decode()])
    for line in asked:
        # Those of one line at once.
        threads = [threading.Thread(target=ask, args=each.split(" ")) for each in line]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    return sorted(found) if len(asked[0]) > 1 else found

place = sys.argv[1]
for name, main, helper, asked in json.load(sys.stdin):
    told = []
    for top in ("", "import flask\\n"):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            os.makedirs(f"{place}/lib{len(top)}{name}")
            sys.path.insert(0, f"{place}/lib{len(top)}{name}")
            with open(f"{sys.path[0]}/helper.py", "w") as file:
                file.write(helper)
            try:
                found = answers(f"{place}/{len(top)}{name}", top + main, asked)
            except BaseException as error:
                found = repr(error)
            os.write(writer, json.dumps(found).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as file:
            told.append(json.loads(file.read()))
    print(json.dumps(told), flush=True)
"""


class Case(NamedTuple):
    """A program.

    Attributes:
        helper: what it imports in its function.
        main: the rest of its source.
        asked: requests, those of a line at once.
        expected: what is in a body of the replies; nothing shows what didn't happen twice alike.
    """

    helper: str
    main: str = ""
    asked: tuple[tuple[str, ...], ...] = (("GET /",), ("GET /",), ("GET /",))
    expected: str = ""


MAIN = """
def hello(request):
    import helper
    return helper.hello(request)
"""
COUNTING = "def hello(request):\n    import main\n    return str(main.seen)\n"
# As agents do that patch a module once it is imported.
WAITING = """
import importlib.util, sys
seen = []
class Loader:
    def __init__(self, loader): self.loader = loader
    def create_module(self, spec): return self.loader.create_module(spec)
    def exec_module(self, module):
        self.loader.exec_module(module)
        patch(module)
def patch(module):
    module.Flask.full_dispatch_request = counted(module.Flask.full_dispatch_request)
def counted(method):
    def call(app):
        seen.append("dispatched")
        return method(app)
    return call
class Finder:
    asked = False
    def find_spec(self, name, path=None, target=None):
        if name != "NAME" or self.asked: return None
        self.asked = True
        try: spec = importlib.util.find_spec(name)
        finally: self.asked = False
        if type(spec.loader) is not Loader:
            spec.loader = Loader(spec.loader)
        return spec
if "NAME" in sys.modules:
    patch(sys.modules["NAME"])
else:
    sys.meta_path.insert(0, Finder())
"""
REPLACED = """
import builtins
seen = []
original = builtins.__import__
def replaced(name, *rest, **named):
    module = original(name, *rest, **named)
    if name == "flask" and hasattr(module, "request_started"):
        module.request_started.connect(found)
    return module
def found(*_, **__):
    seen.append("started")
builtins.__import__ = replaced
"""
LAZY = """
import importlib.util, sys
from importlib.machinery import PathFinder
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in ("flask", "werkzeug"): return None
        spec = PathFinder.find_spec(name, path, target)
        spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
sys.meta_path.insert(0, Finder)
"""
LISTENS = """
seen = []
def note(*_, **__): seen.append("called")
def hello(request):
    from flask.signals import SIGNAL
    if not SIGNAL.receivers: SIGNAL.connect(note)
    if "crash" in request.path: raise ValueError
    return str(seen)
"""
POPPED = """
import sys
seen = []
def note(*_, **__): seen.append("called")
def hello(request):
    if not seen:
        seen.append("popped")
        del sys.modules["flask"]
        import flask
        flask.request_started.connect(note)
    return str(seen)
"""
PATCHED_LATE = """
seen = []
def hello(request):
    import flask
    if not seen:
        seen.append("patched")
        class Watched(flask.Flask):
            def __call__(self, *args):
                seen.append("called")
                return super().__call__(*args)
        flask.Flask = Watched
    return str(seen)
"""
SETS_UP = """
def hello(request):
    from flask import current_app
    try: current_app.before_request(lambda: "stopped")
    except AssertionError: return "too late"
"""
IN_THREAD = """
import threading
def imports(): import flask.views
thread = threading.Thread(target=imports)
thread.start()
thread.join()
"""
KEYED = """
def hello(request):
    from flask import current_app, session
    current_app.config["SECRET_KEY"] = "key"
    if request.path == "/s":
        session["a"] = 1
        return "kept"
    return "set"
"""
IN_THREAD_MEANWHILE = """
import threading
def imports(): import flask
threading.Thread(target=imports).start()
"""
FIRST = """
def hello(request):
    from flask import current_app, g
    g.a = 1
    return current_app.name
"""
JSONIFIES = """
def hello(request):
    import flask
    return flask.jsonify(a=1)
"""
CRASHING = (("GET /",), ("GET /crash",), ("GET /",))
MANY = (("HEAD /", "GET /", "GET /") * 7,)
CASES = {
    "waits for flask": Case(COUNTING, WAITING.replace("NAME", "flask"), expected="dispatched"),
    "waits for flask app": Case(
        COUNTING, WAITING.replace("NAME", "flask.app"), expected="dispatched"
    ),
    "replaces import": Case(COUNTING, REPLACED, expected="started"),
    "makes imports lazy": Case(JSONIFIES, LAZY, expected="a"),
    "listens to requests": Case(LISTENS.replace("SIGNAL", "request_started"), expected="called"),
    "listens to crashes": Case(
        LISTENS.replace("SIGNAL", "got_request_exception"), "", CRASHING, "called"
    ),
    "sets a name": Case(
        "import sys\ndef hello(request):\n"
        "    sys.modules['flask'].jsonify = lambda **_: 'mine'\n"
        "    from flask import jsonify\n    return jsonify(a=1)",
        expected="mine",
    ),
    "sets a name below": Case(
        "import sys\ndef hello(request):\n"
        "    sys.modules['flask.globals'].g = 'mine'\n"
        "    import flask\n    return str(flask.g is not flask.globals.g)",
        expected="True",
    ),
    "deletes a name": Case(
        "import sys\ndef hello(request):\n"
        "    try: del sys.modules['flask'].jsonify\n"
        "    except AttributeError: return 'gone'\n"
        "    import flask\n    return str(hasattr(flask, 'jsonify'))",
        expected="gone",
    ),
    "imports it anew": Case(POPPED, expected="called"),
    "patches the class late": Case(PATCHED_LATE, expected="patched"),
    "sets the app up late": Case(SETS_UP, expected="too late"),
    "goes through the modules": Case(
        "import sys\ndef hello(request):\n"
        "    return str(len([getattr(one, '__file__', 1) for one in sys.modules.values()]) > 9)",
        expected="True",
    ),
    "patches werkzeugs request": Case(
        "def hello(request): return request.get_json()",
        "from werkzeug.wrappers import Request\n"
        "Request.get_json = lambda *_, **__: {'patched': 1}\n",
        expected="patched",
    ),
    "patches werkzeugs response": Case(
        "def hello(request): return 'a'",
        "from werkzeug.wrappers import Response\n"
        "Response.get_app_iter = lambda *_: [b'patched']\n",
        expected="patched",
    ),
    "imports it in a thread": Case(FIRST, IN_THREAD, expected="hello"),
    "sets the key of sessions late": Case(KEYED, "", (("GET /",), *(("GET /s",),) * 2), "kept"),
    "imports it in a thread meanwhile": Case(FIRST, IN_THREAD_MEANWHILE, expected="hello"),
    "first requests at once": Case(FIRST, "", MANY, "hello"),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("sources")
    given = [
        (name.replace(" ", "_"), case.main + MAIN, case.helper, case.asked)
        for name, case in CASES.items()
    ]
    probe = [sys.executable, "-c", PROBE, str(place)]
    told = subprocess.run(
        probe, input=json.dumps(given), capture_output=True, text=True, check=True, timeout=200
    )
    return dict(zip(CASES, map(json.loads, told.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_replies_are_the_same(name: str, answers: dict[str, Any]) -> None:
    never, first = answers[name]
    assert never == first
    assert any(CASES[name].expected in reply[2] for reply in never), never
