"""Applications of other libraries: `--target` names the object."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

flask_app = flask.Flask(__name__)


@flask_app.get("/users/<name>")
def user(name: str) -> dict[str, str]:
    return {"name": name}


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
    print("starting")
    yield {"greeting": "Hello"}
    print("stopped")


async def show(request: Request) -> JSONResponse:
    return JSONResponse({"name": request.path_params["name"], "greeting": request.state.greeting})


starlette_app = Starlette(routes=[Route("/users/{name}", show)], lifespan=lifespan)
