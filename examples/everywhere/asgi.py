"""Functions behind an ASGI server of your own: `uvicorn asgi:application`.

`greet` is not among them: there, an HTTP function gets a request of Starlette's.
"""

from starlette.applications import Starlette
from starlette.routing import Route

from functions_framework.aio import create_asgi_app

NAMES = ("greet_later", "ordered", "quote")

application = Starlette(
    routes=[Route(f"/{name}", create_asgi_app(name, "main.py")) for name in NAMES]
)
