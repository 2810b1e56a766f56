"""Applications that say of their lifespan that it has failed, or go on after its end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from support.served_source import refused, served

if TYPE_CHECKING:
    from pathlib import Path

# As Quart and others do: a loop that is left at the end, if at all.
SOURCE = """
def application(startup, shutdown, leaves):
    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"served"})
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": f"lifespan.startup.{startup}", "message": "no database"})
            else:
                await send({"type": f"lifespan.shutdown.{shutdown}", "message": "cannot close"})
                if leaves:
                    return
    return app

unstarted = application("failed", "complete", True)
unended = application("complete", "failed", True)
endless = application("complete", "complete", False)
both = application("complete", "failed", False)
"""


def test_one_that_waits_after_it_could_not_start_ends_the_server(tmp_path: Path) -> None:
    code, log = refused(tmp_path, SOURCE, target="unstarted")
    assert (code, "Serving" in log) == (1, False)
    assert "The application cannot start: no database." in log


@pytest.mark.parametrize(
    ("target", "is_said"), [("unended", True), ("both", True), ("endless", False)]
)
def test_one_that_waits_after_its_end_is_not_waited_for(
    tmp_path: Path, target: str, is_said: bool
) -> None:
    flags = ("--grace-period", "60")
    with served(tmp_path, SOURCE, *flags, target=target) as (server, client):
        assert client.get("/").text == "served"
        server.signal(signal.SIGTERM)
        assert server.exit_code(20) == 0
    assert ("The application could not shut down: cannot close." in server.log) == is_said
    assert ("Traceback" in server.log) == is_said
