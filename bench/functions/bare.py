HEADERS = [("content-type", "text/html; charset=utf-8"), ("content-length", "12")]
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"12")],
}
BODY = {"type": "http.response.body", "body": b"Hello world!"}


def wsgi(environ, start_response):
    start_response("200 OK", HEADERS)
    return [b"Hello world!"]


def wsgi_read(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [b"Hello world!"]


async def asgi(scope, receive, send):
    await send(START)
    await send(BODY)


async def asgi_read(scope, receive, send):
    await receive()
    await send(START)
    await send(BODY)
