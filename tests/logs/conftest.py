"""Each of these tests starts outside a call, whatever the tests before it have called."""

from __future__ import annotations

import pytest

from functions_framework.model.execution import execution


@pytest.fixture(autouse=True)
def _outside_a_call() -> None:
    execution.set(None)
