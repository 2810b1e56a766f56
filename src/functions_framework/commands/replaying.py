"""Sends recorded requests again, in process or to a server, and says how each turned out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions_framework.model.function import Signature
from functions_framework.recording.compare import Change, changes
from functions_framework.recording.replay import request_of, why_not
from functions_framework.runtime.values import replace

from .one_call import call_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from functions_framework.calls.result import Result
    from functions_framework.settings import Settings

    from .recordings import Recorded

Headers = tuple[tuple[str, str], ...]


class Outcome(NamedTuple):
    """What came of one recording.

    Attributes:
        recorded: the recording.
        changes: what is not as it was recorded.
        skipped: why it was not replayed, None if it was.
    """

    recorded: Recorded
    changes: tuple[Change, ...] = ()
    skipped: str | None = None


def replay(
    recordings: Sequence[Recorded],
    settings: Settings,
    url: str | None = None,
    headers: Headers = (),
    ignored: Sequence[str] = (),
) -> list[Outcome]:
    """Replay recordings in their order.

    Args:
        recordings: what is replayed; what cannot be is told as skipped.
        settings: what names the function; a recording names its own where they do not.
        url: the server that is asked instead of a function in this process.
        headers: sent in place of recorded ones.
        ignored: names of headers and JSON keys whose values do not matter.

    Raises:
        BadInput: there is no such function.
        SourceFailed: the source raised while it was loaded.
        UnreachableServerError: there is no such server.
    """
    chosen = [one for one in recordings if why_not(one.recording) is None]
    results: dict[int, Result] = {}
    if url is not None:
        results = {id(one): _sent(one, url, headers) for one in chosen}
    else:
        for group in _by_target(chosen, settings):
            requests = [request_of(one.recording, headers) for one in group.recordings]
            answers = call_each(group.settings, requests)
            results |= {id(one): got for one, got in zip(group.recordings, answers, strict=True)}
    return [_outcome(one, results.get(id(one)), ignored) for one in recordings]


class _Group(NamedTuple):
    settings: Settings
    recordings: list[Recorded]


def _by_target(recordings: Iterable[Recorded], settings: Settings) -> list[_Group]:
    """The recordings by what they call; each source is loaded once for all of a target."""
    groups: dict[Settings, _Group] = {}
    for one in recordings:
        recording = one.recording
        signature = settings.signature_type
        if signature is Signature.HTTP and recording.signature in set(Signature):
            signature = Signature(recording.signature)
        target = settings.target or recording.target
        own = replace(settings, target=target, signature_type=signature)
        groups.setdefault(own, _Group(own, [])).recordings.append(one)
    return list(groups.values())


def _sent(one: Recorded, url: str, headers: Headers) -> Result:
    from functions_framework.calls.over_http import send

    request = request_of(one.recording, headers)
    # The server's own name is the URL's.
    kept = tuple(pair for pair in request.headers if pair[0] != "host")
    return send(url, request._replace(headers=kept))


def _outcome(one: Recorded, result: Result | None, ignored: Sequence[str]) -> Outcome:
    if result is None:
        return Outcome(one, skipped=why_not(one.recording))
    return Outcome(one, tuple(changes(one.recording, result, ignored)))
