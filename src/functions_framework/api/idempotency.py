"""`idempotent`: the same event, or the same request, has its effect once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, overload

from functions_framework.model.function import RULES
from functions_framework.runtime.values import value_class
from functions_framework.stores import urls
from functions_framework.stores.interface import METHODS

if TYPE_CHECKING:
    from functions_framework.stores.interface import IdempotencyStore

F = TypeVar("F", bound=Callable[..., Any])

_DAY = 24 * 60 * 60.0


@value_class(frozen=True)
class Rules:
    """What `idempotent` was given; see there.

    Attributes:
        key: as given.
        expires: seconds.
        lease: seconds, None for those until the deadline.
        store: an address, a store, or None for the setting's.
        scope: as given.
        fingerprint: as given.
        is_optional: whether calls without a key are made.
    """

    key: Callable[..., Any] | None = None
    expires: float = _DAY
    lease: float | None = None
    store: str | IdempotencyStore | None = None
    scope: str | None = None
    fingerprint: Callable[..., Any] | None = None
    is_optional: bool = False


@overload
def idempotent(function: F, /) -> F: ...
@overload
def idempotent(
    *,
    key: Callable[..., Any] | None = None,
    expires: float | timedelta = _DAY,
    lease: float | timedelta | None = None,
    store: str | IdempotencyStore | None = None,
    scope: str | None = None,
    fingerprint: Callable[..., Any] | None = None,
    optional: bool = False,
) -> Callable[[F], F]: ...


def idempotent(function: Any = None, /, **given: Any) -> Any:
    """Call a function once for each key; a repeated call gets the response of the first.

    It stands above or below the other decorators, on functions of every signature. What is promised
    and what is not is in docs/idempotency.md.

    Args:
        function: what is called.
        given: `key`: called with what the function is called with; gives a text, a number, or
            several of them. By default that is `source` and `id` of a CloudEvent, the resource and
            the id of a background event, and the header `Idempotency-Key` of a request that is not
            GET, HEAD or OPTIONS (draft-ietf-httpapi-idempotency-key-header). `expires`: seconds, or
            a `timedelta`, for which a response is kept; a day by default. `lease`: the longest that
            a call holds its key without ending: until its deadline by default, 5 minutes where
            there is none. `store`: an address as for `--idempotency-store`, or an object with the
            methods of `IdempotencyStore`. `scope`: what keys belong to, by default the service
            (`K_SERVICE`, where that is set) and the function. `fingerprint`: called as `key` is;
            gives a text or bytes that all calls with the same key must share, others are answered
            422; by default method, path, query and body of a request with an `Idempotency-Key`, and
            nothing else. `optional`: whether a call without a key is made, unprotected; else it is
            answered with a 400.

    Raises:
        TypeError: the function takes no attributes, or an argument is of a wrong type.
        ValueError: a time is not positive, or the store's address is of no known kind.
    """
    rules = _rules(**given)
    return functools.partial(_put, rules) if function is None else _put(rules, function)


def _rules(  # noqa: PLR0913 - an option each
    *,
    key: Any = None,
    expires: Any = _DAY,
    lease: Any = None,
    store: Any = None,
    scope: str | None = None,
    fingerprint: Any = None,
    optional: bool = False,
) -> Rules:
    return Rules(
        key=_called(key, "key"),
        expires=_seconds(expires, "expires"),
        lease=None if lease is None else _seconds(lease, "lease"),
        store=_store(store),
        scope=scope,
        fingerprint=_called(fingerprint, "fingerprint"),
        is_optional=optional,
    )


def _put(rules: Rules, function: Any) -> Any:
    try:
        setattr(function, RULES, rules)
    except AttributeError:
        raise TypeError(
            f"@idempotent cannot decorate {function!r}: it takes no attributes. "
            "Wrap it in a function of its own."
        ) from None
    return function


def _called(given: Any, name: str) -> Any:
    if given is None or callable(given):
        return given
    raise TypeError(f"@idempotent({name}={given!r}): expected a function.")


def _seconds(given: float | timedelta, name: str) -> float:
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"@idempotent({name}={given!r}): expected seconds or a timedelta.")
    if not 0 < seconds < float("inf"):
        raise ValueError(f"@idempotent({name}={given!r}): expected more than 0 seconds.")
    return float(seconds)


def _store(given: Any) -> Any:
    if given is None:
        return None
    if isinstance(given, str):
        try:
            return urls.check(given)
        except ValueError as error:
            raise ValueError(f"@idempotent(store={urls.shown(given)!r}): {error}.") from None
    missing = [name for name in METHODS if not callable(getattr(given, name, None))]
    if missing:
        raise TypeError(
            f"@idempotent(store={given!r}): expected an address or an object with the methods "
            f"begin, finish and release; it has no {missing[0]}."
        )
    return given
