from starlette.responses import Response, StreamingResponse

import functions_framework.aio

PIECE = 65536


@functions_framework.aio.http
async def hello(request):
    way = request.url.path[1:]
    return await WAYS[way](request) if way else "Hello world!"


async def whole_up(request):
    return str(len(await request.body()))


async def streamed_up(request):
    length = 0
    async for piece in request.stream():
        length += len(piece)
    return str(length)


async def whole_down(request):
    return Response(b"x" * int(request.query_params["size"]))


async def streamed_down(request):
    size = int(request.query_params["size"])
    piece = b"x" * min(PIECE, size)

    async def parts():
        for _ in range(size // len(piece)):
            yield piece

    return StreamingResponse(parts())


WAYS = {each.__name__: each for each in (whole_up, streamed_up, whole_down, streamed_down)}
