"""What tests of traced calls share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_framework.model import execution
from functions_framework.telemetry.tracing import CurrentSpan
from support.traced_calls import Traced

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def traced() -> Iterator[Traced]:
    execution.read_spans_from(CurrentSpan())
    yield Traced()
    execution.read_spans_from(None)
    execution.execution.set(None)
