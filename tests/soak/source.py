"""What is served while it is soaked: every signature, middleware of both kinds, streams."""

from __future__ import annotations

_FUNCTIONS = """
import asyncio, dataclasses, os, threading, time
import functions_framework
from functions_framework import sse

@functions_framework.middleware
def around(invocation, call_next):
    return call_next(invocation)

@functions_framework.middleware
async def awaited(invocation, call_next):
    return await call_next(invocation)

@functions_framework.http(path="/echo")
def echo(request):
    return {"token": request.args["token"], "length": len(request.get_data())}

@functions_framework.cloud_event(path="/cloudevent")
def on_event(event):
    assert event["id"] == event.data["token"]

@functions_framework.event(path="/event")
def on_background(data, context):
    assert context.event_id == data["token"]

@dataclasses.dataclass
class Order:
    token: str
    number: int = 0

@functions_framework.typed(path="/typed")
def typed(order: Order) -> Order:
    return order

@functions_framework.http(path="/stream")
def stream(request):
    token = request.args["token"]
    return (f"{token} {number}\\n" for number in range(5))

@functions_framework.http(path="/flood")
def flood(request):
    def parts():
        for _ in range(400):
            yield "x" * 65536
    return parts()

@functions_framework.http(path="/nap")
def nap(request):
    time.sleep(0.05)
    return "rested"

@functions_framework.http(path="/late")
def late(request):
    time.sleep(6)

@functions_framework.http(path="/raise")
def raising(request):
    raise ValueError("on purpose")
"""
_ASYNC = """
@functions_framework.http(path="/aecho")
async def aecho(request):
    body = await request.body()
    await asyncio.sleep(0)
    return {"token": request.query_params["token"], "length": len(body)}

@functions_framework.http(path="/astream")
async def astream(request):
    token = request.query_params["token"]
    async def parts():
        for number in range(5):
            await asyncio.sleep(0)
            yield f"{token} {number}\\n"
    return parts()

@functions_framework.http(path="/anap")
async def anap(request):
    await asyncio.sleep(0.05)
    return "rested"

@functions_framework.http(path="/alate")
async def alate(request):
    await asyncio.sleep(6)

@functions_framework.http(path="/aflood")
async def aflood(request):
    async def parts():
        for _ in range(400):
            yield "x" * 65536
    return parts()

@functions_framework.http(path="/tasks")
async def tasks(request):
    return str(len(asyncio.all_tasks()))
"""


def source(*, is_mixed: bool) -> str:
    """The text of the module; with async functions beside the sync ones where it is mixed."""
    return _FUNCTIONS + (_ASYNC if is_mixed else "")
