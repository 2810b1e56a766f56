import functions_framework


@functions_framework.middleware
async def around(invocation, call_next):
    return await call_next(invocation)


@functions_framework.http
async def hello(request):
    return "Hello world!"
