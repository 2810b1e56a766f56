"""What makes two calls of an idempotent function the same: their key, and their fingerprint.

The key is what the decorator's function says of a call; else, by signature:

==========  ====================================================================================
cloudevent  `source` and `id`, which are unique together (CloudEvents core, section 3.1.1)
event       the resource and the id of the event
http        the header `Idempotency-Key`, for methods that are not safe (RFC 9110, section 9.2.1)
==========  ====================================================================================
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from typing import TYPE_CHECKING, Any

from functions_framework.events.cloudevents import event_of
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import Signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.api.idempotency import Rules
    from functions_framework.model.function import Function

HEADER = "Idempotency-Key"
_LONGEST_HEADER = 255
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

UNPROTECTED: Any = object()
"""Stands for the key of a call that needs none."""


class NoKey(Exception):  # noqa: N818 - named for what is missing
    """A call has no key; the text says what was expected, for its sender."""


def scope_of(function: Function, rules: Rules) -> str:
    """What the keys of a function belong to."""
    if rules.scope is not None:
        return rules.scope
    return "/".join(filter(None, (os.environ.get("K_SERVICE"), function.name)))


def key_function(function: Function, rules: Rules) -> Callable[..., Any]:
    """What tells the key of a call, called with the function's arguments.

    Raises:
        InvalidConfigurationException: nothing tells it.
    """
    if rules.key is not None:
        return rules.key
    if function.signature is Signature.HTTP:
        return _of_request
    if function.signature is Signature.TYPED:
        raise _keyless(function, "a typed function is called with a value, which has no id")
    if "batch" in function.options:
        raise _keyless(function, "with batch=True it is called with many events")
    return _of_event if function.signature is Signature.CLOUDEVENT else _of_background_event


def _keyless(function: Function, why: str) -> InvalidConfigurationException:
    return InvalidConfigurationException(
        f"@idempotent needs key=… on the function {function.name!r}: {why}."
    )


def _of_event(given: Any, *_: Any) -> tuple[str, str]:
    event = event_of(given)
    return str(event["source"]), str(event["id"])


def _of_background_event(data: Any, context: Any = None) -> tuple[str, str]:
    if context is None:
        return _of_event(data)
    resource = context.resource
    if isinstance(resource, dict):
        resource = resource.get("name") or json.dumps(resource, sort_keys=True)
    return str(resource or ""), str(context.event_id)


def _of_request(request: Any) -> Any:
    if request.method in _SAFE:
        return UNPROTECTED
    value = (request.headers.get(HEADER) or "").strip()
    if len(value) > _LONGEST_HEADER:
        raise NoKey(f"Expected an {HEADER} of at most {_LONGEST_HEADER} characters.")
    return value or None


def digest(scope: str, key: Any) -> str:
    """The name of a key in a store.

    Args:
        scope: what it belongs to.
        key: a text, a number, or several of them.

    Raises:
        TypeError: it is something else.
    """
    parts = key if isinstance(key, (tuple, list)) else [key]
    if not all(isinstance(part, (str, int)) for part in parts):
        raise TypeError(
            "The key function of @idempotent is expected to return a text, a number or several of "
            f"them, found {key!r}."
        )
    return hashlib.sha256(json.dumps([scope, *parts]).encode()).hexdigest()


def is_absent(key: Any) -> bool:
    """Whether a function found no key."""
    return key is None or key == "" or (isinstance(key, (tuple, list)) and not _is_whole(key))


def _is_whole(parts: Any) -> bool:
    return bool(parts) and all(part is not None for part in parts)


def fingerprint_function(function: Function, rules: Rules) -> Callable[..., Any] | None:
    """What tells what a call is about, None where nobody asks."""
    if rules.fingerprint is not None or rules.key is not None:
        return rules.fingerprint
    return _of_whole_request if function.signature is Signature.HTTP else None


def _of_whole_request(request: Any) -> Any:
    """Method, path, query and body, of a request of Flask's or of Starlette's."""
    if hasattr(request, "get_data"):
        body = request.get_data()
        # What reads the stream itself finds the body there still.
        request.__dict__["stream"] = _stream_of(body)
        target = f"{request.method} {request.path}?{request.query_string.decode('latin-1')}"
        return f"{target}\n".encode() + body
    return _of_starlettes(request)


def _stream_of(body: bytes) -> Any:
    from io import BytesIO

    return BytesIO(body)


async def _of_starlettes(request: Any) -> bytes:
    target = f"{request.method} {request.url.path}?{request.url.query}"
    body: bytes = await request.body()
    return f"{target}\n".encode() + body


def fingerprint(found: Any) -> str:
    """A fingerprint in few characters.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if isinstance(found, str):
        found = found.encode()
    if not isinstance(found, bytes) or inspect.isawaitable(found):
        raise TypeError(
            "The fingerprint function of @idempotent is expected to return a text or bytes, found "
            f"{type(found).__name__}."
        )
    return hashlib.sha256(found).hexdigest()
