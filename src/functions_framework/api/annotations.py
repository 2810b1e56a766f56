"""Type aliases for annotating functions that pass other functions on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudevents.http import CloudEvent
from flask import Request
from flask.typing import ResponseReturnValue

HTTPFunction = Callable[[Request], ResponseReturnValue]
CloudEventFunction = Callable[[CloudEvent], Any]
