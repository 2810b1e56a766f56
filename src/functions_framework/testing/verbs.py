"""What the clients for tests can be told to send, whichever way they wait for the response."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from functions_framework.calls.compose import EventMode, event_request, request_of, value_request
from functions_framework.calls.pipeline import Overrides, Pipeline, Source
from functions_framework.model.function import Function, Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from typing_extensions import Unpack

    from functions_framework.calls.compose import Deliverable, Parts
    from functions_framework.model.request import Request

R = TypeVar("R")


class Verbs(ABC, Generic[R]):
    """What both clients can be told to send.

    Args:
        function_or_source: the function itself, or the path of its file or directory.
        target: the function's name in the source; needed where `functions-framework` needs it.
        signature_type: how it is called where no decorator says so, `http` when omitted.
        environ: environment variables it sees, while it is loaded and called; None unsets one.
        overrides: what resources give instead of what they make, by resource or by its name.

    Raises:
        FunctionsFrameworkException: there is no such function, or it cannot be served.
        BaseException: whatever the source raises, unchanged.
        ValueError: an unknown signature type, or an override that names no resource.
    """

    def __init__(
        self,
        function_or_source: Callable[..., Any] | Source,
        *,
        target: str | None = None,
        signature_type: str | None = None,
        environ: Mapping[str, str | None] | None = None,
        overrides: Overrides | None = None,
    ) -> None:
        self._pipeline = Pipeline(function_or_source, target, signature_type, environ, overrides)
        self._turn = threading.RLock()

    @property
    def function(self) -> Function:
        """The function that is called."""
        return self._pipeline.function

    @property
    def module(self) -> ModuleType | None:
        """The module the function is in, to patch names of; a source's is this client's own."""
        return self._pipeline.module

    @abstractmethod
    def _respond(self, request: Request) -> R:
        """Send a request through the pipeline."""

    def request(self, method: str, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a request.

        Args:
            method: the HTTP method.
            path: the URL's path, with a query string if you like.
            **parts: `json=` a value, or `data=` bytes, text or a form; `headers=`, `query=`.

        Raises:
            ValueError: there is no such request.
        """
        return self._respond(request_of(method, path, **parts))

    def get(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a GET request; see `request`."""
        return self.request("GET", path, **parts)

    def head(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a HEAD request; see `request`."""
        return self.request("HEAD", path, **parts)

    def post(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a POST request; see `request`."""
        return self.request("POST", path, **parts)

    def put(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a PUT request; see `request`."""
        return self.request("PUT", path, **parts)

    def patch(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a PATCH request; see `request`."""
        return self.request("PATCH", path, **parts)

    def delete(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a DELETE request; see `request`."""
        return self.request("DELETE", path, **parts)

    def options(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send an OPTIONS request; see `request`."""
        return self.request("OPTIONS", path, **parts)

    def send(self, event: Deliverable, mode: EventMode = "binary") -> R:
        """Deliver an event, or several as one batch.

        Args:
            event: a CloudEvent, or the dict of a background event, a Pub/Sub push or a structured
                CloudEvent; `functions_framework.testing` has builders of all of them. A list of
                CloudEvents is sent as a batch.
            mode: how a CloudEvent is sent, `binary` or `structured`.

        Raises:
            ValueError: the function is a typed one, or the event cannot be sent like this.
            TypeError: it isn't an event.
        """
        if self.function.signature is Signature.TYPED:
            raise ValueError(
                f"{self.function.name!r} is a typed function, which takes a value and no event. "
                "Use client.invoke(value)."
            )
        return self._respond(event_request(event, mode))

    def invoke(self, value: Any) -> R:
        """Hand a value to a typed function.

        Args:
            value: what JSON holds, or a dataclass, attrs, msgspec or pydantic object.

        Raises:
            ValueError: the function is not a typed one.
            TypeError: the value has no JSON form.
        """
        if self.function.signature is not Signature.TYPED:
            way = "client.get or client.post" if self._takes_request else "client.send(event)"
            raise ValueError(
                f"{self.function.name!r} isn't a typed function but has the signature "
                f"{self.function.signature}. Use {way}."
            )
        return self._respond(value_request(value))

    @property
    def _takes_request(self) -> bool:
        return self.function.signature is Signature.HTTP
