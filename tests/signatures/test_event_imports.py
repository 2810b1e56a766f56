"""Serving an event function loads nothing that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    ("module", "needs", "leaves"),
    [
        (
            "functions_framework.signatures.event",
            {"msgspec"},
            {"cloudevents", "flask", "werkzeug", "starlette", "granian", "click"},
        ),
        (
            "functions_framework.signatures.cloud_event",
            {"msgspec", "cloudevents"},
            {"flask", "werkzeug", "starlette", "granian", "click", "pydantic"},
        ),
    ],
)
def test_imports(module: str, needs: set[str], leaves: set[str]) -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, module], check=True, capture_output=True, text=True
    )
    loaded = set(json.loads(found.stdout))
    assert needs <= loaded
    assert not leaves & loaded
