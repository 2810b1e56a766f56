import functions_framework.aio


@functions_framework.aio.http
async def hello(request):
    return "Hello world!"
