"""Hooks and middleware that no call could run are refused where they stand."""

from __future__ import annotations

from typing import Any

import pytest

import functions_framework

pytestmark = pytest.mark.usefixtures("nothing_registered")


def _generator() -> Any:
    yield


async def _async_generator() -> Any:
    yield


@pytest.mark.parametrize(
    "decorator", ["on_startup", "on_shutdown", "on_snapshot", "on_restore", "readiness"]
)
@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (lambda app: app, r"takes \(app\), and is called with no arguments"),
        (_generator, r"'_generator' yields, so that calling it would run nothing of it"),
        (_async_generator, r"'_async_generator' yields"),
        (5, r"expects a function, found 5"),
    ],
)
def test_a_hook_that_cannot_run_is_refused_where_it_stands(
    decorator: str, hook: Any, said: str
) -> None:
    with pytest.raises(TypeError, match=rf"^@{decorator}:? .*{said}"):
        getattr(functions_framework, decorator)(hook)


def test_what_can_be_called_is_taken() -> None:
    class Hook:
        def __call__(self, retries: int = 3) -> None: ...

    for hook in (Hook(), Hook, dict, lambda *_: None, lambda a=1, **_: a):
        assert functions_framework.on_startup(hook) is hook


@pytest.mark.parametrize(
    "around", [lambda request: request, lambda: None, lambda a, b, c: (a, b, c)]
)
def test_so_is_middleware_that_no_call_could_pass(around: Any) -> None:
    with pytest.raises(TypeError, match=r"^@middleware: .* takes .* called with two arguments"):
        functions_framework.middleware(around)
