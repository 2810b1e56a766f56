from starlette.responses import Response, StreamingResponse

import functions_framework.aio

PIECE = 65536


@functions_framework.aio.http
async def whole_up(request):
    return str(len(await request.body()))


@functions_framework.aio.http
async def streamed_up(request):
    length = 0
    async for piece in request.stream():
        length += len(piece)
    return str(length)


@functions_framework.aio.http
async def whole_down(request):
    return Response(b"x" * int(request.query_params["size"]))


@functions_framework.aio.http
async def streamed_down(request):
    size = int(request.query_params["size"])
    piece = b"x" * min(PIECE, size)

    async def parts():
        for _ in range(size // len(piece)):
            yield piece

    return StreamingResponse(parts())
