"""What a deadline costs: the time of a sync hello with one, beside the same without.

Without the engine's own time, which is the same for both: the true share is larger.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.hosts import build
from functions_framework.server.on_threads.serving import SyncServing
from functions_framework.server.worker.build import hosted_of
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import SourceTree

CALLS = 200
LEAST_ROUNDS, MOST_ROUNDS = 50, 1000
LEAST_SHARE = 0.6
"""Of the throughput without a deadline."""
SCOPE = {
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8080",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "x",
    "wsgi.url_scheme": "http",
}


class Answers:
    """Takes answers as the engine does."""

    def __init__(self) -> None:
        self.statuses: set[int] = set()

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.statuses.add(status)

    def response_iter(self, status: int, headers: Any, body: Any) -> None:
        raise AssertionError("nothing is streamed here")


def serving(sources: SourceTree, timeout: float) -> SyncServing:
    settings = Settings(target="hello", source=str(sources.root / "main.py"), timeout=timeout)
    return SyncServing(hosted_of(build.load_and_build(settings)).host, settings)  # type: ignore[arg-type]


def seconds(serve: SyncServing, answers: Answers) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        serve.call(answers, SCOPE.copy())  # the server writes into it
    return time.perf_counter() - start


def test_a_deadline_leaves_most_of_the_throughput(
    sources: SourceTree, figure: Callable[[str], None]
) -> None:
    sources.write(main="def hello(request):\n    return 'Hello world!'\n")
    answers = Answers()
    without, limited = serving(sources, 0.0), serving(sources, 60.0)
    assert limited._watchdog is not None
    limited._watchdog.start()
    # Rounds are short: other work on the machine makes some of them longer, none shorter.
    least, least_limited = float("inf"), float("inf")
    for number in range(MOST_ROUNDS):
        least = min(least, seconds(without, answers))
        least_limited = min(least_limited, seconds(limited, answers))
        share = least / least_limited
        if number >= LEAST_ROUNDS and share > LEAST_SHARE:
            break
    figure(
        f"a deadline leaves {share:.0%} of the throughput of a sync hello: "
        f"{least / CALLS * 1e6:.1f} and {least_limited / CALLS * 1e6:.1f} microseconds a call"
    )
    assert answers.statuses == {200}
    assert share > LEAST_SHARE


def test_nothing_is_made_for_a_deadline_that_is_off(sources: SourceTree) -> None:
    sources.write(main="def hello(request):\n    return 'Hello world!'\n")
    assert serving(sources, 0.0)._watchdog is None
