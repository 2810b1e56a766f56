"""What nobody can do without: the request read, and what a function is given made of it.

No checks, errors, contexts or routes. The classes are those that the functions' interface promises.
"""

import json

import msgspec
from cloudevents.http.event import CloudEvent
from flask import Request
from starlette.requests import Request as AsyncRequest
from starlette.responses import JSONResponse
from typed import Person

from google.cloud.functions_v1.context import Context

HEADERS = [("content-type", "text/html; charset=utf-8")]


def wsgi_http(environ, start_response):
    Request(environ)
    start_response("200 OK", HEADERS)
    return [b"Hello world!"]


def wsgi_cloudevent(environ, start_response):
    CloudEvent(_attributes(environ), msgspec.json.decode(environ["wsgi.input"].read()))
    start_response("200 OK", HEADERS)
    return [b"OK"]


def wsgi_event(environ, start_response):
    made = _attributes(environ)
    msgspec.json.decode(environ["wsgi.input"].read())["message"]
    Context(made["id"], made["time"], made["type"], made["source"])
    start_response("200 OK", HEADERS)
    return [b"OK"]


def wsgi_typed(environ, start_response):
    person = Person.from_dict(msgspec.json.decode(environ["wsgi.input"].read()))
    answer = json.dumps(Person(person.name, person.age + 1).to_dict()).encode()
    start_response("200 OK", [("content-type", "application/json")])
    return [answer]


def _attributes(environ):
    return {
        name[8:].lower(): value for name, value in environ.items() if name.startswith("HTTP_CE_")
    }


async def asginl_json(scope, receive, send):
    request = AsyncRequest(scope, receive)
    given = await request.json()
    answer = {
        "greeting": "Hello " + given["name"],
        "total": sum(given["items"]),
        "lang": request.query_params["lang"],
    }
    await JSONResponse(answer, 201, {"X-Case": "json"})(scope, receive, send)


async def asginl_cloudevent(scope, receive, send):
    part = await receive()
    attributes = {
        name[3:].decode(): value.decode()
        for name, value in scope["headers"]
        if name.startswith(b"ce-")
    }
    CloudEvent(attributes, msgspec.json.decode(part["body"]))
    headers = [(name.encode(), value.encode()) for name, value in HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"OK"})
