"""`google.cloud` is there from the start of the interpreter, as with 3.10, for all its parts."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# As tests of Firebase's SDK stand in for a package below the namespace, and for none above it.
STAND_IN = """
import sys, types
sys.modules["google.cloud.firestore_v1"] = types.ModuleType("google.cloud.firestore_v1")
"""


@pytest.mark.parametrize(
    "text",
    [
        STAND_IN + "import google.cloud.firestore_v1 as found",
        STAND_IN + "from google.cloud import firestore_v1 as found",
        STAND_IN + "import functions_framework, google.cloud.firestore_v1 as found",
        STAND_IN + "from google.cloud.functions.context import Context as found",
        "import sys; found = sys.modules['google.cloud']",
        "import google; found = google.cloud",
        "import google.cloud.functions_v1.context as found",
        "from google.cloud import functions_v1beta2 as found",
        "from google.cloud import theirs as found; assert found.MINE == 1",
        "import google.theirs as found; assert found.MINE == 2",
        "import google; google.__path__; from google.cloud.theirs import MINE as found",
    ],
)
def test_parts_of_the_namespace_are_found(tmp_path: Path, text: str) -> None:
    theirs = tmp_path / "google" / "cloud" / "theirs"
    theirs.mkdir(parents=True)
    (theirs / "__init__.py").write_text("MINE = 1\n")
    (tmp_path / "google" / "theirs.py").write_text("MINE = 2\n")
    # Another distribution's directory, that comes onto the path later.
    late = f"import sys; sys.path.append({str(tmp_path)!r})\n"
    subprocess.run([sys.executable, "-c", f"{late}{text}\nassert found"], check=True)
