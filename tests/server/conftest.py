"""What the tests of both kinds of server share: the kind, and a module's server of that kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.server_process import KINDS, ServerProcess

if TYPE_CHECKING:
    from support.served_source import Served


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The target to serve: of a sync function, then of an async one."""
    return str(request.param)


@pytest.fixture
def server(kind: str, servers: dict[str, Served]) -> ServerProcess:
    """The one of this kind among the `servers` of a module."""
    return servers[kind].server
