"""Invocations as the host of Azure Functions sends them, to functions on every host, in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.layered import layered
from functions_framework.model.function import Signature
from functions_framework.platforms.azure.layer import InvocationLayer
from support.functions_host import encoded
from support.in_memory import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions_framework.model.function import Function
    from support.in_memory import Answer

SYSTEM = {
    "MethodName": "hello",
    "UtcNow": "2019-10-09T17:58:32.2205399Z",
    "RandGuid": "24ad4c06-24ad-4e5b-8294-3da9714877e9",
}
INVOCATION_ID = "7d02c0de-0000-4000-8000-000000000001"


def _around(host: Any, function: Function) -> Any:
    return layered(host, InvocationLayer([function], is_async=host.is_async))


class Handler:
    """A custom handler with one function.

    Args:
        host: which of `support.in_memory.EVENT_HOSTS` it is on.
        call: the function, a plain `def`.
        signature: its signature.
        said: what `serve` takes besides.
    """

    def __init__(
        self,
        host: str,
        call: Callable[..., Any],
        signature: Signature = Signature.CLOUDEVENT,
        **said: Any,
    ) -> None:
        self.send = serve(host, call, signature, around=_around, **said)

    def invoke(
        self, value: Any, metadata: Mapping[str, Any] | None = None, **inputs: Any
    ) -> Answer:
        """Send an invocation; values are written as the host writes them."""
        data = {name: encoded(item) for name, item in {"item": value, **inputs}.items()}
        known = {name: encoded(item) for name, item in (metadata or {}).items()}
        return self.raw({"Data": data, "Metadata": {**known, "sys": SYSTEM}})

    def raw(self, payload: Any, path: str = "/hello", **headers: str) -> Answer:
        """Send a payload."""
        given = {"content-type": "application/json; charset=utf-8"}
        given["x-azure-functions-invocationid"] = INVOCATION_ID
        return self.send("POST", path, {**given, **headers}, json.dumps(payload).encode())


def result(answer: Answer) -> Any:
    """The result of an invocation that succeeded."""
    assert answer.status == 200, answer
    assert answer.type == "application/json"
    found = json.loads(answer.body)
    assert found.keys() == {"Outputs", "Logs", "ReturnValue"}
    return found
