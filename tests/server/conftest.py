"""What the tests of both kinds of server share: the kind, and a module's server of that kind."""

from __future__ import annotations

import pytest

from support.server_process import KINDS, ServerProcess


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The target to serve: of a sync function, then of an async one."""
    return str(request.param)


@pytest.fixture
def server(kind: str, servers: dict[str, ServerProcess]) -> ServerProcess:
    """The one of this kind among the `servers` of a module."""
    return servers[kind]
