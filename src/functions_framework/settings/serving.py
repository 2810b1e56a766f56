"""The settings of what is served and where; the others, and how all are read, are in `fields`."""

from __future__ import annotations

from functions_framework.model.function import Signature
from functions_framework.runtime.values import value_class

from .options import InvalidNumberException, declare
from .parsers import (
    boolean,
    count,
    event_format,
    hosts,
    origins,
    path,
    seconds,
    signature,
    size,
    socket_path,
    store,
    text,
)
from .parsers import (
    port as tcp_port,  # `port` is a field of its own
)
from .parsers import workers as processes

CUSTOM_HANDLER_PORT = "FUNCTIONS_CUSTOMHANDLER_PORT"
"""The variable with which the host of Azure Functions tells a custom handler its port."""


@value_class(frozen=True)
class ServingSettings:
    """See `Settings`."""

    # One option a paragraph: a table reads best.
    # fmt: off
    target: str | None = declare(
        "--target", "FUNCTION_TARGET", text, default=None, group="Function",
        help="Name of the function to serve; or several with commas between them, or "
        "package.module:name. Default: every decorated function of the source, else the one named "
        "'function', else the only public one.",
    )
    source: str | None = declare(
        "--source", "FUNCTION_SOURCE", path, default=None, group="Function",
        help="File or directory (its main.py, else its src/main.py) that holds the function. "
        "Default: the working directory.",
    )
    signature_type: Signature = declare(
        "--signature-type", "FUNCTION_SIGNATURE_TYPE", signature, default=Signature.HTTP,
        group="Function",
        help="How an undecorated function is called: http, event, cloudevent, typed or "
        "websocket.",
    )
    event_format: str = declare(
        "--event-format", "EVENT_FORMAT", event_format, default="binary",
        group="Function",
        help="How CloudEvents that a function returns are sent: binary, in headers, or structured, "
        "as one JSON object.",
    )
    idempotency_store: str | None = declare(
        "--idempotency-store", "IDEMPOTENCY_STORE", store, default=None, group="Function",
        help="Where calls of functions with @idempotent are kept: sqlite:///FILE, redis://HOST or "
        "memory:// (this process alone). Default: a file in the directory for temporary files.",
    )
    asgi: bool = declare(
        "--asgi", "FUNCTION_USE_ASGI", boolean, default=False, group="Function",
        help="Serve from the event loop even if the function is a plain 'def'.",
    )
    host: str = declare(
        "--host", "HOST", text, default="0.0.0.0",  # noqa: S104 - reached from outside
        help="Address to listen on, IPv4 or IPv6.",
    )
    port: int = declare(
        "--port", "PORT", tcp_port, default=8080, platform_variable=CUSTOM_HANDLER_PORT,
        help="Port to listen on, 0 for any free one. Without PORT, FUNCTIONS_CUSTOMHANDLER_PORT "
        "counts, which the host of Azure Functions sets.",
    )
    uds: str | None = declare(
        "--uds", "UDS", socket_path, default=None,
        help="Path of a Unix domain socket to listen on instead of a port. Its permissions follow "
        "the umask; it is removed at the end.",
    )
    workers: int = declare(
        "--workers", "WORKERS", processes, default=1, error=InvalidNumberException,
        help="Processes that serve.",
    )
    threads: int = declare(
        "--threads", "THREADS", count, default=128, error=InvalidNumberException,
        help="Calls of sync functions that run at once, in each worker.",
    )
    max_worker_age: float = declare(
        "--max-worker-age", "MAX_WORKER_AGE", seconds, default=0.0,
        help="Seconds after which a worker is replaced, 0 for never. It serves until the other "
        "does; then what it has in flight is finished.",
    )
    max_worker_memory: int = declare(
        "--max-worker-memory", "MAX_WORKER_MEMORY", size, default=0,
        help="Bytes of memory (K, M, G) beyond which a worker is replaced in the same way, 0 for "
        "any number.",
    )
    backlog: int = declare(
        "--backlog", "BACKLOG", count, default=2048,
        help="Connections the system holds until a worker accepts them.",
    )
    certfile: str | None = declare(
        "--certfile", "CERTFILE", path, default=None,
        help="PEM file with the certificate chain; with --keyfile the port speaks TLS.",
    )
    keyfile: str | None = declare(
        "--keyfile", "KEYFILE", path, default=None,
        help="PEM file with the certificate's key.",
    )
    forwarded_allow_ips: str = declare(
        "--forwarded-allow-ips", "FORWARDED_ALLOW_IPS", text, default="127.0.0.1,::1",
        help="Addresses or networks of proxies, with commas between them, whose X-Forwarded-For "
        "and X-Forwarded-Proto are believed; * for all.",
    )
    cors: str | None = declare(
        "--cors", "FUNCTION_CORS", origins, default=None,
        help="Origins whose pages may call the functions from a browser, with commas between them; "
        "* for all. A function's own cors= beats it.",
    )
    webhook_origins: str = declare(
        "--webhook-origins", "WEBHOOK_ORIGINS", hosts, default="*",
        help="Senders that may deliver events when they ask first, as host names with commas "
        "between them; * for all.",
    )
    docs: bool = declare(
        "--docs", "FUNCTION_DOCS", boolean, default=False, is_lenient=True,
        help="Serve the OpenAPI document of typed functions at /openapi.json, and a page at /docs.",
    )
    # fmt: on
