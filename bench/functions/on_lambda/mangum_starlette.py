"""The same function as a route of Starlette, behind Mangum."""

from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def hello(request):
    return JSONResponse({"message": f"Hello {(await request.json())['name']}!"})


handler = Mangum(Starlette(routes=[Route("/hello", hello, methods=["POST"])]), lifespan="off")
