"""Sources whose target is an application: of libraries, with the same routes each, and bare."""

from __future__ import annotations

FLASK = """
import sys
import time
import flask

app = flask.Flask(__name__)

@app.get("/")
def home():
    return "home"

@app.post("/echo/<name>")
def echo(name):
    given = flask.request
    return {"name": name, "body": given.get_json(), "id": given.headers["Function-Execution-Id"]}

@app.get("/stream")
def stream():
    def parts():
        try:
            for number in range(50):
                yield f"part {number}\\n"
                time.sleep(0.01)
        finally:
            print("stream closed", file=sys.stderr, flush=True)
    return parts()

@app.get("/crash")
def crash():
    raise ValueError("secret")

@app.get("/empty")
def empty():
    return "", 204
"""

STARLETTE = """
import asyncio
import contextlib
import sys
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

def say(word):
    print(word, file=sys.stderr, flush=True)

@contextlib.asynccontextmanager
async def lifespan(app):
    say("application up")
    yield {"pool": "the pool"}
    say("application down")

async def home(request):
    return PlainTextResponse("home", background=BackgroundTask(say, "after " + request.state.pool))

async def echo(request):
    return JSONResponse({
        "name": request.path_params["name"],
        "body": await request.json(),
        "id": request.headers["Function-Execution-Id"],
    })

async def stream(request):
    async def parts():
        try:
            for number in range(50):
                yield f"part {number}\\n"
                await asyncio.sleep(0.01)
        finally:
            say("stream closed")
    return StreamingResponse(parts())

async def crash(request):
    raise ValueError("secret")

async def empty(request):
    return Response(status_code=204)

async def through(request, call_next):
    return await call_next(request)

routes = [
    Route("/", home), Route("/echo/{name}", echo, methods=["POST"]), Route("/stream", stream),
    Route("/crash", crash), Route("/empty", empty), Mount("/mounted", routes=[Route("/", home)]),
]
app = Starlette(routes=routes, lifespan=lifespan)
app.add_middleware(BaseHTTPMiddleware, dispatch=through)
"""

FASTAPI = """
import asyncio
import sys
from fastapi import Body, FastAPI, Header, Response
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("/")
async def home():
    return Response("home")

@app.post("/echo/{name}")
def echo(name: str, body: dict = Body(), function_execution_id: str = Header()):
    return {"name": name, "body": body, "id": function_execution_id}

@app.get("/stream")
async def stream():
    async def parts():
        try:
            for number in range(50):
                yield f"part {number}\\n"
                await asyncio.sleep(0.01)
        finally:
            print("stream closed", file=sys.stderr, flush=True)
    return StreamingResponse(parts())

@app.get("/crash")
async def crash():
    raise ValueError("secret")

@app.get("/empty", status_code=204)
async def empty():
    pass
"""

FAILING = """
from starlette.applications import Starlette

async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = Starlette(lifespan=__import__("contextlib").asynccontextmanager(lifespan))
"""

BARE = """
import asyncio
import functions_framework
import sys

def say(word):
    print(word, file=sys.stderr, flush=True)

functions_framework.on_startup(lambda: say("hook up"))
functions_framework.on_shutdown(lambda: say("hook down"))

def wsgi(environ, start_response):
    body = environ["wsgi.input"].read()
    write = start_response("201 Made", [("x-a", "1"), ("x-a", "2")])
    write(b"written ")
    return [environ["PATH_INFO"].encode(), b" ", body]

def late(environ, start_response):
    start_response("200 OK", [])
    yield b"first"
    try:
        raise ValueError
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"second"

def changed(environ, start_response):
    start_response("200 OK", [])
    yield b""
    try:
        raise ValueError
    except ValueError:
        start_response("503 Oops", [("x-a", "1")], sys.exc_info())
    yield b"second"

def failing(environ, start_response):
    start_response("200 OK", [])
    yield b""
    raise ValueError

def lazy(environ, start_response):
    yield b""
    start_response("200 OK", [])
    yield b"lazy"

def never(environ, start_response):
    return [b"x"]

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    body = (await receive())["body"]
    headers = [(b"x-a", b"1"), (b"x-a", b"2")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": b"written ", "more_body": True})
    await send({"type": "http.response.body", "body": scope["path"].encode() + b" " + body})

async def silent(scope, receive, send):
    pass

async def endless(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            await asyncio.sleep(0.01)
    finally:
        say("endless ended")

class Callable:
    async def __call__(self, scope, receive, send):
        await asgi(scope, receive, send)

made = Callable()
"""
