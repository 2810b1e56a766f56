import functions_framework


@functions_framework.middleware
def around(invocation, call_next):
    return call_next(invocation)


@functions_framework.http
def hello(request):
    return "Hello world!"
