"""What stands around an idempotent function: one call for each key, its response for all others.

A call takes its key, runs, and leaves its response; what raises frees the key. The steps are one
generator for both kinds of function: it says what is to be done, and a driver does that, in this
thread or on the event loop.
"""

from __future__ import annotations

import functools
import math
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.exceptions import Drop, InvalidConfigurationException, Retry
from functions_framework.model.execution import execution
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import EVENT_TAKEN, TEXT, Reply
from functions_framework.runtime.steps import Step, Steps, calling, run, run_async
from functions_framework.runtime.threads import SPARE
from functions_framework.runtime.values import replace
from functions_framework.stores import urls
from functions_framework.stores.interface import StoreError
from functions_framework.stores.kept import Kept, from_bytes, to_bytes

from . import idempotency_records as records
from .idempotency_keys import (
    HEADER,
    UNPROTECTED,
    NoKey,
    digest,
    fingerprint,
    fingerprint_function,
    is_absent,
    key_function,
    scope_of,
)
from .verdicts import DUPLICATE, DroppedBefore, NotCalled, tell, tell_async
from .whole_replies import encoder_of, read_out, read_out_async

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.api.registrations import Registrations
    from functions_framework.runtime.threads import Start
    from functions_framework.stores.batching import BatchingStore
    from functions_framework.stores.interface import IdempotencyEntry
    from functions_framework.stores.own import OwnStore

_LEASE_SECONDS = 300.0
_LEAST_LEASE_SECONDS = 1.0
_MOST_PAUSE_SECONDS = 30.0
# Answers that ask their client to send the same again: RFC 9110, RFC 6585, RFC 8470.
_AGAIN = frozenset({408, 425, 429})


def with_idempotency(
    functions: Sequence[Function],
    registered: Registrations,
    url: str | None,
    start: Start | None,
) -> Sequence[Function]:
    """The functions such that those with `idempotent` keep its promise.

    Args:
        functions: served together.
        registered: what their module registered; its stores are closed with it.
        url: the address of the store for those that name none.
        start: runs a plain function in a thread, for an event loop.

    Raises:
        InvalidConfigurationException: a store cannot be used, or a function's calls have no key.
    """
    stores: dict[Any, BatchingStore | OwnStore] = {}
    found = []
    for function in functions:
        rules = function.options.get("idempotent")
        if rules is None:
            found.append(function)
            continue
        given = url if rules.store is None else rules.store
        name = given if given is None or isinstance(given, str) else id(given)
        if name not in stores:
            stores[name] = _opened(given, registered)
        found.append(_Guard(function, stores[name], start).guarded())
    return found


def _opened(given: Any, registered: Registrations) -> BatchingStore | OwnStore:
    if given is not None and not isinstance(given, str):
        from functions_framework.stores.own import OwnStore

        return OwnStore(given)
    try:
        store = urls.opened(given)
        store.ask("check")
    except (StoreError, ImportError, OSError, ValueError) as error:
        name = "in the directory for temporary files" if given is None else urls.shown(given)
        why = str(error).rstrip(".")
        raise InvalidConfigurationException(
            f"The store of idempotent calls ({name}) cannot be used: {why}. Make it usable, "
            "or set --idempotency-store to another one."
        ) from None
    registered.shutdown_hooks.insert(0, store.close)  # they run in reverse: after all others
    if given is None:
        records.warn_of_default()
    return store


class _Claim(NamedTuple):
    """A call that has asked for its key."""

    key: str
    token: str
    fingerprint: str
    arguments: tuple[Any, ...]


class _Guard:
    """Stands around one function."""

    def __init__(
        self, function: Function, store: BatchingStore | OwnStore, start: Start | None
    ) -> None:
        self._function = function
        self._rules = function.options["idempotent"]
        self._store = store
        self._start = start or SPARE.start
        self._key_of = key_function(function, self._rules)
        self._fingerprint_of = fingerprint_function(function, self._rules)
        self._scope = scope_of(function, self._rules)
        self._encode = encoder_of(function)
        self._is_event = function.signature in {Signature.EVENT, Signature.CLOUDEVENT}

    def guarded(self) -> Function:
        """The function with this around it."""
        steps = self._steps

        def guarded(*arguments: Any) -> Any:
            return run(steps(arguments))

        async def guarded_async(*arguments: Any) -> Any:
            return await run_async(steps(arguments))

        around = guarded_async if self._function.is_async else guarded
        # The wrapper keeps the annotations: a typed function's input type is read from them.
        call = functools.update_wrapper(around, self._function.call)
        return replace(self._function, call=call)

    # -- the steps ----------------------------------------------------------------------------

    def _steps(self, arguments: tuple[Any, ...]) -> Steps:
        try:
            key = yield calling(lambda: self._key_of(*arguments))
        except NoKey as missing:
            return self._refused(400, str(missing))
        if key is UNPROTECTED or (self._rules.is_optional and is_absent(key)):
            return (yield self._calling(arguments))
        if is_absent(key):
            what = "This request has no key." if self._rules.key else f"Expected an {HEADER}."
            return self._refused(400, what)
        mark = yield from self._mark(arguments)
        claim = _Claim(digest(self._scope, key), secrets.token_hex(16), mark, arguments)
        try:
            entry = yield self._asking("begin", claim.key, claim.token, self._lease())
        except StoreError as error:
            return self._away(error)
        except BaseException:
            yield from self._freed(claim)
            raise
        if entry is not None:
            return self._again(claim, entry)
        return (yield from self._called(claim))

    def _mark(self, arguments: tuple[Any, ...]) -> Steps:
        tells = self._fingerprint_of
        if tells is None:
            return ""
        return fingerprint((yield calling(lambda: tells(*arguments))))

    def _called(self, claim: _Claim) -> Steps:
        try:
            result = yield self._calling(claim.arguments)
            reply = yield self._reading(self._encode(result), claim.arguments)
        except Drop as verdict:
            if self._is_event:
                yield from self._dropped(claim, verdict)
            else:
                yield from self._freed(claim)
            raise
        except BaseException:
            yield from self._freed(claim)
            raise
        if reply.status >= 500 or reply.status in _AGAIN:
            yield from self._freed(claim)
        else:
            yield from self._finished(claim, Kept(reply, claim.fingerprint))
        return None if reply is EVENT_TAKEN else reply

    def _dropped(self, claim: _Claim, verdict: Drop) -> Steps:
        try:
            yield self._telling(verdict, claim.arguments)
        except BaseException:
            yield from self._freed(claim)
            raise
        verdict.is_told = True
        kept = Kept(Reply(200, [], b""), claim.fingerprint, verdict.reason)
        yield from self._finished(claim, kept)

    def _finished(self, claim: _Claim, kept: Kept) -> Steps:
        expires = self._rules.expires
        try:
            is_kept = yield self._asking("finish", claim.key, claim.token, to_bytes(kept), expires)
        except StoreError as error:
            records.not_kept(claim.key, error)
            return
        if not is_kept:
            records.late(claim.key)

    def _freed(self, claim: _Claim) -> Steps:
        try:
            yield self._asking("release", claim.key, claim.token)
        except StoreError as error:
            records.not_freed(claim.key, error)

    def _again(self, claim: _Claim, entry: IdempotencyEntry) -> Any:
        if entry.answer is None:
            return self._in_progress(claim, entry.seconds)
        try:
            kept = from_bytes(entry.answer)
        except (ValueError, TypeError):
            return self._away(StoreError(f"what it holds for {claim.key} isn't a call's response"))
        if kept.fingerprint != claim.fingerprint:
            return self._refused(422, f"This {HEADER} belongs to another request.")
        _note(DUPLICATE, claim.arguments)
        if kept.dropped is not None:
            raise DroppedBefore(kept.dropped)
        records.answered_again(claim.key)
        if self._is_event and kept.reply == EVENT_TAKEN:
            return None
        if self._is_event:
            return kept.reply
        return kept.reply._replace(headers=[*kept.reply.headers, ("idempotent-replayed", "true")])

    def _in_progress(self, claim: _Claim, seconds: float) -> Any:
        pause = max(1.0, min(seconds, _MOST_PAUSE_SECONDS))
        if self._is_event:
            raise NotCalled(after=pause, reason="a call for the same event is in progress")
        _note(Retry.outcome, claim.arguments)
        records.in_progress(claim.key)
        headers = [TEXT, ("retry-after", str(math.ceil(pause)))]
        return Reply(409, headers, b"A request with the same key is in progress.\n")

    def _away(self, error: StoreError) -> Any:
        if self._is_event:
            raise NotCalled(reason=f"the store of idempotent calls cannot be used: {error}")
        records.away(error)
        return Reply(503, [TEXT], b"The request was not handled. Send it again later.\n")

    @staticmethod
    def _refused(status: int, text: str) -> Reply:
        return Reply(status, [TEXT], f"{text}\n".encode())

    def _lease(self) -> float:
        lease: float | None = self._rules.lease
        if lease is None:
            running = execution.get()
            lease = None if running is None else running.remaining()
        return _LEASE_SECONDS if lease is None else max(lease, _LEAST_LEASE_SECONDS)

    # -- what is done -------------------------------------------------------------------------

    def _calling(self, arguments: tuple[Any, ...]) -> Step:
        call = self._function.call
        return calling(lambda: call(*arguments))

    def _asking(self, *asked: Any) -> Step:
        store = self._store
        return Step(lambda: store.ask(*asked), lambda: store.ask_async(*asked))

    def _reading(self, reply: Reply, arguments: tuple[Any, ...]) -> Step:
        return Step(
            lambda: read_out(reply, arguments[0]), lambda: read_out_async(reply, arguments[0])
        )

    def _telling(self, verdict: Drop, arguments: tuple[Any, ...]) -> Step:
        function, start = self._function, self._start
        return Step(
            lambda: tell(verdict, function, arguments),
            lambda: tell_async(verdict, function, arguments, start),
        )


def _note(outcome: str, arguments: tuple[Any, ...]) -> None:
    """Tell those that follow this call its outcome, although the function was not called."""
    running = execution.get()
    if running is not None:
        running.verdict = outcome
        running.arguments = arguments
