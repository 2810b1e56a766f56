from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route


async def hello(request):
    return PlainTextResponse("Hello world!")


async def order(request):
    body = await request.json()
    answer = {
        "greeting": "Hello " + body["name"],
        "total": sum(body["items"]),
        "lang": request.query_params["lang"],
    }
    return JSONResponse(answer, 201, {"X-Case": "json"})


app = Starlette(routes=[Route("/", hello), Route("/orders", order, methods=["POST"])])


async def bare(scope, receive, send):
    """Its classes alone, without router and middleware."""
    request = Request(scope, receive)
    answer = hello if request.method == "GET" else order
    response = await answer(request)
    await response(scope, receive, send)
