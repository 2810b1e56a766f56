"""pytest as a user's project runs it, inside a test."""

from __future__ import annotations

import sys

# Plugins that come with what these tests are installed with; importing them takes a second a run.
_OF_OTHERS = ("ddtrace", "hypothesispytest", "randomly", "schemathesis", "xdist", "cacheprovider")

PYTEST = (
    sys.executable, "-m", "pytest", *(f"-pno:{name}" for name in _OF_OTHERS),
)  # fmt: skip
"""The command, with this package's plugin found as an installed one is."""
