"""Functions of WebSockets beside others, as a source."""

from __future__ import annotations

SOURCE = """
import sys
import functions_framework as ff
from starlette.exceptions import HTTPException, WebSocketException
from starlette.websockets import WebSocketDisconnect

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@ff.resource
def pool():
    return {"size": 7}

@ff.middleware
async def around(invocation, call_next):
    if invocation.socket is not None:
        invocation.socket.state.seen = invocation.function.name
    try:
        return await call_next(invocation)
    finally:
        if invocation.socket is not None:
            say("after", invocation.function.name)

@ff.middleware
def plain_around(invocation, call_next):
    return call_next(invocation)

@ff.errorhandler(LookupError)
def handle(error):
    return "handled", 418

@ff.websocket
async def chat(socket):
    await socket.accept(next(iter(socket.scope["subprotocols"]), None))
    await socket.send_json({
        "pool": pool(), "seen": socket.state.seen, "path": socket.path_params["path"],
        "id": ff.current().execution_id, "name": ff.current().function.name,
        "remaining": ff.remaining(), "trace": ff.current().trace_id,
    })
    async for text in socket.iter_text():
        if text == "crash":
            raise ValueError("secret")
        if text == "leave":
            raise WebSocketException(4002, "asked to")
        if text == "bytes":
            await socket.send_bytes(b"bytes")
        elif text == "close":
            await socket.close(4001, "closed")
        elif text == "return":
            return
        else:
            await socket.send_text(text.upper())

@ff.websocket
async def scheme(socket):
    await socket.accept()
    await socket.send_text(socket.url.scheme)

@ff.websocket(path="/rooms", cors="https://good.example")
async def rooms(socket):
    word = socket.query_params.get("as")
    if word == "http":
        raise HTTPException(401, "log in first")
    if word == "policy":
        raise WebSocketException(1008, "not here")
    if word == "handled":
        raise LookupError
    if word == "crash":
        raise ValueError("secret")
    if word == "nothing":
        return
    await socket.accept()
    try:
        while True:
            await socket.send_text((await socket.receive_text())[::-1])
    except WebSocketDisconnect as gone:
        say("left", gone.code)
        raise

@ff.http
def hello(request):
    return "Hello!"

@ff.http
async def waiting(request):
    return "Waited!"
"""
