"""A span of the function's own inside the server's, and the trace handed on to the next service."""

import flask
from opentelemetry import trace

import functions_framework

tracer = trace.get_tracer(__name__)


@functions_framework.http
def price(request: flask.Request) -> dict[str, str]:
    with tracer.start_as_current_span("look up"):
        call = functions_framework.current()
        # The headers of a request to the next service, which continue the trace there.
        return call.outgoing_headers() if call else {}
