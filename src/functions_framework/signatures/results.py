"""The one table of what an http function may return, for both hosts; no web library is needed.

==============================  ============================================================
returned                        reply
==============================  ============================================================
str, bytes, bytearray           200, text/html; charset=utf-8
dict, list                      200, application/json
iterator, generator             200, streamed, text/html; charset=utf-8
async iterator, generator       the same
(body, status)                  status an int or a text such as "299 Odd"
(body, headers)                 headers a mapping or pairs; all of a repeated name are sent
(body, status, headers)         both
Response of Flask or Starlette  as it is, streams included
anything else, None too         UnsendableError: the function is at fault
==============================  ============================================================
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from functions_framework.exceptions import InvalidResultException
from functions_framework.model.function import code_of, place_of
from functions_framework.model.message import EVENT_TAKEN, HTML, JSON, Easy, Reply, tuple_of

from .responses import Deferred, from_response

if TYPE_CHECKING:
    from functions_framework.model.function import Function

Dump = Callable[[Any], bytes]


class UnsendableError(TypeError):
    """A result isn't one of the table.

    Attributes:
        expected: what may be returned, as the end of a sentence.
        found: what came instead: `None`, `an int`.
    """

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected}, found {found}.")
        self.expected, self.found = expected, found


_ALLOWED = (
    "a str, bytes, dict, list, iterator or Response, or a tuple (body, status), (body, headers) or "
    "(body, status, headers)"
)


def named(error: UnsendableError, function: Function) -> InvalidResultException:
    """The same error with the function that is at fault and where it is."""
    code = code_of(function.call)
    place = f" ({place_of(function.call)})" if code else ""
    hint = " Await it in an 'async def'." if error.found == "a coroutine" else ""
    return InvalidResultException(
        f"The function {function.name!r}{place} returned {error.found}: "
        f"expected {error.expected}.{hint}",
        code.co_filename if code else "",
        code.co_firstlineno if code else 0,
        function.name,
    )


def refuse(value: object) -> NoReturn:
    """Raise that a result isn't one of the table.

    Raises:
        UnsendableError: always.
    """
    raise UnsendableError(_ALLOWED, _described(value))


def taken(value: object) -> Reply:
    """The response to what an event function returned that isn't sent: anything whose work is done.

    Raises:
        UnsendableError: it is a coroutine, which nobody will await, or what a function with `yield`
            made without running. The event would be lost.
    """
    is_undone = isinstance(value, (Coroutine, Generator, AsyncGenerator))
    if is_undone and getattr(value, "__name__", "") != "<genexpr>":  # who made that one has run
        raise UnsendableError("a result whose work is done", _described(value))
    return EVENT_TAKEN


def _described(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, tuple) and len(value) not in {2, 3}:
        return f"a tuple of {len(value)} elements"
    if isinstance(value, tuple):
        return f"a tuple whose body is {_described(value[0])}"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def sorted_json(value: object) -> bytes:
    """JSON as Flask's default provider writes it: sorted keys, ASCII, a newline at the end.

    Raises:
        ValueError: it holds NaN or an infinity, which Flask would send.
    """
    import json

    text = json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"{text}\n".encode()


def compact_json(value: object) -> bytes:
    """JSON in the fewest bytes: the dict's own order, non-ASCII text unescaped.

    Raises:
        ValueError: it holds NaN or an infinity.
    """
    return _compact()(value)


@cache
def _compact() -> Dump:
    # Only here: many functions send no JSON, and do without msgspec. To import costs twice a write.
    from functions_framework.model.json_text import compact

    return compact


def _plain(value: object) -> Any:
    # What Flask's provider adds to the json module: dates, UUIDs, decimals, dataclasses, __html__.
    from flask.json.provider import DefaultJSONProvider

    return DefaultJSONProvider.default(value)


def encode(value: Any, dump: Dump = sorted_json) -> Reply:
    """Turn what a function returned into a reply.

    Args:
        value: one of the kinds in the table above.
        dump: writes a dict or list as JSON.

    Raises:
        UnsendableError: the value isn't one of these; its text names the type that was found.
    """
    kind = type(value)
    if kind is str:
        return tuple_of(Easy, (200, [HTML], value.encode()))
    if kind is dict or kind is list:
        return tuple_of(Easy, (200, [JSON], dump(value)))
    if kind is bytes:
        return tuple_of(Easy, (200, [HTML], value))
    if isinstance(value, Reply):
        return value
    if isinstance(value, tuple):
        return _encode_tuple(value, dump)
    return _encode_other(value, dump)


def _encode_other(value: object, dump: Dump) -> Reply:
    if isinstance(value, str):
        return Reply(200, [HTML], value.encode())
    if isinstance(value, (bytes, bytearray)):
        return Reply(200, [HTML], bytes(value))
    if isinstance(value, (dict, list)):
        return Reply(200, [JSON], dump(value))
    if isinstance(value, (Iterator, AsyncIterator)):
        return Reply(200, [HTML], value)
    return from_response(value) or refuse(value)


def _encode_tuple(value: tuple[Any, ...], dump: Dump) -> Reply:
    status: Any = None
    headers: Any = None
    if len(value) == 3:
        body, status, headers = value
    elif len(value) == 2:
        body, second = value
        if isinstance(second, (Mapping, list, tuple)) or hasattr(second, "items"):
            headers = second
        else:
            status = second
    else:
        refuse(value)
    reply = encode(body, dump)
    code = reply.status if status is None else _code(status)
    merged = reply.headers if headers is None else _merged(reply, headers)
    if isinstance(reply.body, Deferred):
        reply.body.change(code, merged)
    return tuple_of(Reply, (code, merged, reply.body))


def _code(status: Any) -> int:
    """The code of a status given as an int, an `http.HTTPStatus` or a text such as "299 Odd"."""
    if type(status) is int:
        return status
    if isinstance(status, bytes):
        status = status.decode("latin-1")
    try:
        return int(status.strip().partition(" ")[0]) if isinstance(status, str) else int(status)
    except (TypeError, ValueError):
        raise UnsendableError(
            "a status such as 201 or '201 Created'", f"the status {status!r}"
        ) from None


def _merged(reply: Reply, given: object) -> list[tuple[str, str]]:
    """The reply's headers with those of the function, which replace others of their name."""
    added: list[tuple[str, str]] = []
    try:
        for name, value in _pairs_of(given):
            if type(name) is type(value) is str:
                added.append((name, value))
            else:
                added += _fields(name, value)
    except (TypeError, ValueError):
        raise UnsendableError(
            "headers as a mapping or as pairs", f"{_described(given)} as headers"
        ) from None
    names = {name.lower() for name, _ in added}
    return [pair for pair in reply.headers if pair[0].lower() not in names] + added


def _pairs_of(given: Any) -> Iterable[Any]:
    """Names and values, every one of a repeated name."""
    if type(given) is dict:
        return given.items()
    if hasattr(given, "multi_items"):  # httpx, and Starlette's dicts of several values
        return given.multi_items()  # type: ignore[no-any-return]
    if isinstance(given, dict) and hasattr(given, "getlist"):  # Werkzeug's
        return given.items(multi=True)  # type: ignore[call-arg]
    pairs: Iterable[Any] = given.items() if hasattr(given, "items") else given
    return pairs


def _fields(name: object, value: object) -> list[tuple[str, str]]:
    several = value if isinstance(value, (list, tuple, set)) else (value,)
    return [(_text(name), _text(item)) for item in several]


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
