"""What the request of a sync function finds with less work is what Flask's own finds."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import flask
import pytest

from functions_framework import create_app
from functions_framework.hosts.with_flask.request import FunctionRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import SourceTree

QUERIES = (
    "", "a=1", "a=1&b=2", "a=1&a=2&b=", "a", "=1", "a==1", "&", "&&a=1&", "a=1;b=2", "a=%20",
    "a=1+2", "%61=1", "a=%ff", "ä=ö", "a=1&b=ä", "a=\xff", "a=b=c&d", "a[]=1&a[]=2",
)  # fmt: skip
TYPES = (
    None, "", "application/json", "Application/JSON", "application/json; charset=utf-8",
    "application/json ", "application/vnd.api+json", "text/plain", ";", "application/json;",
    "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
)  # fmt: skip


def outcome(of: Callable[[], Any]) -> Any:
    """What comes of something, an exception as its type and text."""
    try:
        return of()
    except Exception as error:  # noqa: BLE001 - compared
        return type(error), str(error)


def both(environ: dict[str, Any], of: Callable[[flask.Request], Any]) -> tuple[Any, Any]:
    """What is found in our request and in Flask's, each with a body of its own."""
    made = []
    for kind in (FunctionRequest, flask.Request):
        request = kind({**environ, "wsgi.input": BytesIO(environ.get("body", b""))})
        request.json_module = flask.current_app.json if flask.current_app else None
        made.append(outcome(lambda request=request: of(request)))  # type: ignore[misc]
    return made[0], made[1]


def environ_of(**more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input_terminated": True, **more,
    }  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_is_flasks(query: str) -> None:
    def read(request: flask.Request) -> Any:
        found = request.args
        return type(found), list(found.lists()), dict(found), found == request.args, hash(found)

    ours, flasks = both(environ_of(QUERY_STRING=query), read)
    assert ours == flasks


def test_the_query_cannot_be_changed_and_has_the_kind_that_is_asked_for() -> None:
    class Asking(FunctionRequest):
        parameter_storage_class: Any = list

    request = FunctionRequest(environ_of(QUERY_STRING="a=1"))
    with pytest.raises(TypeError, match="immutable"):
        request.args["a"] = "2"
    asked: Any = Asking(environ_of(QUERY_STRING="a=1")).args
    assert asked == [("a", "1")]


@pytest.mark.parametrize("content_type", TYPES)
def test_the_content_type_is_flasks(content_type: str | None) -> None:
    given = {} if content_type is None else {"CONTENT_TYPE": content_type}
    app = flask.Flask("app")
    with app.app_context():
        ours, flasks = both(
            environ_of(**given, body=b'{"a": 1}'),
            lambda request: (
                request.mimetype,
                request.mimetype_params,
                request.is_json,
                outcome(request.get_json),
                request.get_json(silent=True),
                request.get_data(),
            ),
        )
    assert ours == flasks


@pytest.mark.parametrize("limit", [None, 0, 3, 100])
@pytest.mark.parametrize("where", ["config", "request", "nowhere"])
@pytest.mark.parametrize("length", [None, "8", "3", "x"])
@pytest.mark.parametrize("is_terminated", [True, False])
@pytest.mark.parametrize("shallow", [True, False])
def test_the_body_is_limited_as_by_flask(
    limit: int | None, where: str, length: str | None, *, is_terminated: bool, shallow: bool
) -> None:
    environ = environ_of(body=b"12345678")
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    if not is_terminated:
        del environ["wsgi.input_terminated"]

    def read(request: flask.Request) -> Any:
        request.shallow = shallow
        if where == "request":
            request.max_content_length = limit
        return request.get_data(), request.stream.read(), request.data

    app = flask.Flask("app")
    ours, flasks = both(environ, read)
    assert ours == flasks
    if where == "config":
        app.config["MAX_CONTENT_LENGTH"] = limit
    with app.app_context():
        ours, flasks = both(environ, read)
    assert ours == flasks


def test_it_is_flasks_in_name() -> None:
    request = FunctionRequest(environ_of(QUERY_STRING="a=1"))
    assert isinstance(request, flask.Request)
    assert repr(request) == "<Request 'http://localhost/?a=1' [POST]>"


SOURCE = """
    import flask

    class Args:
        def __get__(self, request, kind=None):
            return {"lang": "somebody's"} if request is not None else self

    flask.Request.args = Args()

    def hello(request):
        assert type(request) is flask.Request
        return request.args["lang"]
"""


def test_what_somebody_has_changed_in_flasks_class_counts(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask.Request, "args", flask.Request.args)
    sources.put("main.py", SOURCE)
    client = create_app("hello", str(sources.root / "main.py")).test_client()
    assert client.get("/?lang=en").text == "somebody's"


@pytest.mark.parametrize("beginning", ["", "import flask\n", "@http(cors=True)\n"])
@pytest.mark.parametrize("absent", ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"])
def test_a_wsgi_server_may_leave_out_what_is_empty(
    sources: SourceTree, beginning: str, absent: str
) -> None:
    sources.write(
        main=f"""
from functions_framework import http
{beginning}def hello(request):
    return request.root_path + request.full_path
"""
    )
    app = create_app("hello", sources.root / "main.py")
    full = environ_of(
        REQUEST_METHOD="GET", SCRIPT_NAME="/mounted", PATH_INFO="/there", QUERY_STRING="a=b",
        SERVER_PROTOCOL="HTTP/1.1",
    )  # fmt: skip
    given = []
    for environ in ({**full, absent: ""}, {name: full[name] for name in full if name != absent}):
        environ["wsgi.input"] = BytesIO()
        body = app(environ, lambda status, *_: given.append(status))
        given.append(b"".join(body))
    assert given[:2] == given[2:]
