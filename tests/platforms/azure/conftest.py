"""What the tests of Azure Functions share."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.logs import call_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def kept_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What calls log and print is kept, as where the server is a custom handler."""
    before = logging.getLogRecordFactory()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        monkeypatch.setattr(stream, "write", stream.write)
    call_lines.install()
    yield
    logging.setLogRecordFactory(before)
