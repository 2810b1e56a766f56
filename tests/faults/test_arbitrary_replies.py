"""Functions that response anything: no worker dies, nothing hangs, each connection is in step."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.made_replies import ASKERS, MAKERS, SOURCE, TARGETS, Made
from support.served_source import Given, Served

pytestmark = pytest.mark.once

NAMES = st.sampled_from([
    "Content-Length", "Transfer-Encoding", "Connection", "Content-Type", "Set-Cookie", "Trailer",
    "Upgrade", "Date", "Server", "Keep-Alive", "X-A", "Location", "Expect", "Host",
]) | st.text(max_size=12)  # fmt: skip
VALUES = st.sampled_from(["0", "4", "9", "chunked", "close", "h2c", "", " x ", "caf\u00e9"]) | (
    st.text(max_size=12)
)
REPLIES = st.builds(
    Made,
    status=st.sampled_from([200, 204, 205, 304, 404, 500, 100, 101]) | st.integers(),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    parts=st.lists(st.text(st.characters(max_codepoint=255), max_size=6), max_size=3),
    is_whole=st.booleans(),
)


SERVERS = {target: Given(SOURCE, target=target) for target in TARGETS}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=REPLIES,
    maker=st.sampled_from(MAKERS),
    version=st.sampled_from(sorted(ASKERS)),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_any_reply_leaves_the_connection_in_step_or_ends_it(
    servers: dict[str, Served],
    made: Made,
    maker: tuple[str, str],
    version: str,
    method: str,
) -> None:
    target, path = maker
    server = servers[target].server
    # What HTTP/2 forbids raises, and so does what takes more than ten seconds.
    got = ASKERS[version](server, made.target(path), method)
    assert got.is_in_step or (got.is_in_step is None and not made.is_whole)
    assert not got.body or method != "HEAD"
    assert "panicked" not in server.log
    assert "is replaced" not in server.log
