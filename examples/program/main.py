"""Serve with `python main.py`."""

import asyncio

import flask
from starlette.requests import Request

import functions_framework


def hello(request: flask.Request) -> str:
    return "Hello world!"


async def later(request: Request) -> str:
    await asyncio.sleep(0.01)
    return "Hello later!"


if __name__ == "__main__":
    functions_framework.serve(hello, later, threads=16)
