"""The function in the container."""

from starlette.requests import Request

import functions_framework


@functions_framework.http
async def hello(request: Request) -> str:
    return "Hello from a container!"
