import asyncio

import functions_framework.aio


@functions_framework.aio.http
async def hello(request):
    if request.url.path == "/block":
        await asyncio.sleep(120)
    return "Hello world!"
