"""The page about logs shows records as they are written, to the space."""

from __future__ import annotations

import io

from docs.pages import ROOT
from functions_framework.execution_id import LoggingHandlerAddExecutionId
from functions_framework.model.execution import Execution, execution


def test_the_printed_record_is_the_one_on_the_page() -> None:
    page = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    written = io.StringIO()
    # The ids of the requests that the page shows before it.
    token = execution.set(Execution("e1", None, None, "abc/123;o=1"))
    try:
        LoggingHandlerAddExecutionId(written).write("plain")
    finally:
        execution.reset(token)
    assert written.getvalue() in page
