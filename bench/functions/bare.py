HEADERS = [("content-type", "text/html; charset=utf-8"), ("content-length", "12")]


def wsgi(environ, start_response):
    start_response("200 OK", HEADERS)
    return [b"Hello world!"]


def wsgi_read(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [b"Hello world!"]


async def rsgi(scope, protocol):
    protocol.response_bytes(200, HEADERS, b"Hello world!")


async def rsgi_read(scope, protocol):
    await protocol()
    protocol.response_bytes(200, HEADERS, b"Hello world!")
