"""Servers shared by the tests of bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.body_readers import SERVERS, reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.server_process import ServerProcess


@pytest.fixture(scope="module", params=SERVERS, ids="-".join)
def reader(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server whose functions read bodies."""
    kind, limit = request.param
    with reading(tmp_path_factory.mktemp(kind), kind, limit) as server:
        yield server
