"""The pytest plugin: fixtures that are there as soon as the package is installed.

pytest imports this file in every run, so it imports nothing else before a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .client import Client
    from .server import RunningServer


def pytest_configure(config: pytest.Config) -> None:
    """Leave the modules of this package as they are.

    pytest rewrites the `assert`s of a distribution that has a plugin, each module as it's imported,
    perhaps by several threads at once; Python 3.11 cannot parse in two (python/cpython#106905).
    """
    marked = getattr(config.pluginmanager.rewrite_hook, "_must_rewrite", set[str]())
    marked.discard(__name__.partition(".")[0])


@pytest.fixture
def functions_client() -> Iterator[Callable[..., Client]]:
    """Make clients, `functions_client("main.py", target="hello")`, that are closed after the test.

    Arguments as for `functions_framework.testing.Client`.
    """
    from . import client

    made: list[Client] = []

    def make(*args: Any, **kwargs: Any) -> Client:
        made.append(client.Client(*args, **kwargs))
        return made[-1]

    yield make
    for each in reversed(made):
        each.close()


@pytest.fixture
def cloud_event() -> Callable[..., Any]:
    """Make CloudEvents, `cloud_event(type="com.example.paid", data={"amount": 1})`."""
    from . import builders

    return builders.cloud_event


@pytest.fixture
def running_server() -> Iterator[Callable[..., RunningServer]]:
    """Start servers, `running_server("main.py", "hello").get("/")`, that end with the test.

    Arguments as for `functions_framework.testing.RunningServer`.
    """
    from . import server

    started: list[RunningServer] = []

    def start(*args: Any, **kwargs: Any) -> RunningServer:
        started.append(server.RunningServer(*args, **kwargs))
        return started[-1]

    yield start
    for each in reversed(started):
        each.stop()
