"""What nobody can do without: the request read, and what a function is given made of it.

No checks, errors, routes or end of a call. What is made, and that a sync function is called in a
context of its own, is what the functions' interface promises.
"""

import json
from contextvars import copy_context

import msgspec
from cloudevents.http.event import CloudEvent
from flask import Request
from starlette.requests import Request as AsyncRequest
from starlette.responses import JSONResponse
from typed import Person

from google.cloud.functions_v1.context import Context

HEADERS = [("content-type", "text/html; charset=utf-8")]


def _application(work, headers=HEADERS):
    def application(environ, start_response):
        answer = copy_context().run(work, environ)
        start_response("200 OK", headers)
        return [answer]

    return application


def _http(environ):
    Request(environ)
    return b"Hello world!"


def _cloudevent(environ):
    CloudEvent(_attributes(environ), _json(environ))
    return b"OK"


def _event(environ):
    made = _attributes(environ)
    kept = ("messageId", "publishTime")
    data = {name: value for name, value in _json(environ)["message"].items() if name not in kept}
    service, _, name = made["source"][2:].partition("/")
    resource = {"service": service, "name": name, "type": data["@type"]}
    Context(made["id"], made["time"], "google.pubsub.topic.publish", resource)
    return b"OK"


def _typed(environ):
    person = Person.from_dict(_json(environ))
    return json.dumps(Person(person.name, person.age + 1).to_dict()).encode()


wsgi_http = _application(_http)
wsgi_cloudevent = _application(_cloudevent)
wsgi_event = _application(_event)
wsgi_typed = _application(_typed, [("content-type", "application/json")])


def _json(environ):
    return msgspec.json.decode(environ["wsgi.input"].read())


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
