"""A file, whole or in ranges."""

from pathlib import Path

import flask
from starlette.requests import Request
from starlette.responses import FileResponse

import functions_framework

DATA = Path(__file__).with_name("data.txt")


@functions_framework.http
def plain(request: flask.Request) -> flask.Response:
    return flask.send_file(DATA, conditional=True)


@functions_framework.http
async def waiting(request: Request) -> FileResponse:
    return FileResponse(DATA)
