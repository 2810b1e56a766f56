"""Idempotent calls in Redis or Valkey, for any number of servers.

Each step is one script, which nothing comes between. Times are lengths that the Redis server
measures by its own clock, so that of the servers who ask does not matter. The scripts can be sent
twice without harm, as happens when a response is lost: a token finds its own entry again.

A value is a letter (P in progress, D done), the token of the call that has the key, and what that
call answered.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .interface import IdempotencyEntry, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .batching import Asked

_SECONDS = 3.0
_PREFIX = "functions-framework:idempotency:"
_TOKEN_END = 33

_MINE = (
    "local found = redis.call('GET', KEYS[1]) "
    "local mine = not found or string.sub(found, 2, 33) == ARGV[1] "
)
_BEGIN = _MINE + (
    "if not mine then return {found, redis.call('PTTL', KEYS[1])} end "
    "redis.call('SET', KEYS[1], 'P' .. ARGV[1], 'PX', ARGV[2]) return false"
)
_FINISH = _MINE + (
    "if not mine then return 0 end "
    "redis.call('SET', KEYS[1], 'D' .. ARGV[1] .. ARGV[3], 'PX', ARGV[2]) return 1"
)
_RELEASE = (
    "if redis.call('GET', KEYS[1]) == 'P' .. ARGV[1] then redis.call('DEL', KEYS[1]) end return 0"
)


class RedisBackend:
    """Talks to one Redis server.

    Args:
        url: as redis-py takes it: `redis://`, `rediss://` or `unix://`.

    Raises:
        ValueError: it is malformed.
    """

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            max_connections=1,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            # A connection that the server has closed is only noticed when it is used.
            retry=Retry(NoBackoff(), 1),
            retry_on_error=[redis.ConnectionError],
        )
        # An address can ask for text, which answers are not.
        pool.connection_kwargs["decode_responses"] = False
        self._client = redis.Redis(connection_pool=pool)

    def run(self, asked: Sequence[Asked]) -> list[Any]:
        """See `batching.Backend`."""
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for one in asked:
                    pipeline.execute_command(*_command(one))  # type: ignore[no-untyped-call]
                found = pipeline.execute(raise_on_error=False)
        except (redis.RedisError, OSError) as error:
            raise StoreError(str(error) or type(error).__name__) from error
        return [_answer(one, given) for one, given in zip(asked, found, strict=True)]

    def close(self) -> None:
        """See `batching.Backend`."""
        self._client.connection_pool.disconnect()

    def forget(self) -> None:
        """See `batching.Backend`; the pool itself sees that it was forked."""


def _command(asked: Asked) -> tuple[Any, ...]:
    if asked.method == "begin":
        key, token, lease = asked.arguments
        return "EVAL", _BEGIN, 1, _PREFIX + key, token, _milliseconds(lease)
    if asked.method == "finish":
        key, token, answer, expires = asked.arguments
        return "EVAL", _FINISH, 1, _PREFIX + key, token, _milliseconds(expires), answer
    if asked.method == "release":
        key, token = asked.arguments
        return "EVAL", _RELEASE, 1, _PREFIX + key, token
    # As the scripts do: a server that only reads must not pass for one that can be used.
    return "EVAL", "redis.call('DEL', KEYS[1]) return 0", 1, f"{_PREFIX}check"


def _milliseconds(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))


def _answer(asked: Asked, given: Any) -> Any:
    if isinstance(given, Exception):
        return StoreError(str(given))
    if asked.method == "begin" and given is not None:
        value, left = given
        answer = value[_TOKEN_END:] if value[:1] == b"D" else None
        return IdempotencyEntry(answer, left / 1000)
    return bool(given) if asked.method == "finish" else None
