"""Type aliases for annotating functions that pass async functions on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from cloudevents.http import CloudEvent
from starlette.requests import Request
from starlette.responses import Response

HTTPResponse = Response | str | bytes | dict[str, Any] | list[Any] | tuple[Any, ...]
HTTPFunction = Callable[[Request], HTTPResponse | Awaitable[HTTPResponse]]
CloudEventFunction = Callable[[CloudEvent], Any]
