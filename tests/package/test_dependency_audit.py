"""No dependency has a known vulnerability for which there is a fix, as far as anybody can be asked.

Runs where pip-audit is installed (the extra `audit`) and its data can be reached.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SECONDS = 60


def runtime_dependencies() -> dict[str, str]:
    """Name and installed version of everything a plain installation brings."""
    found: dict[str, str] = {}
    names = ["functions-framework"]
    while names:
        for requirement in importlib.metadata.requires(names.pop()) or ():
            match = _NAME.match(requirement)
            assert match, requirement
            name = match[0].lower().replace("_", "-")
            if "extra ==" in requirement or name in found:
                continue
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue  # for another system or interpreter
            names.append(name)
    return found


def audited(requirements: Path) -> list[dict[str, Any]]:
    """What pip-audit says of each dependency; skips the test where it cannot be asked."""
    if importlib.util.find_spec("pip_audit") is None:
        pytest.skip("pip-audit is not installed: pip install -e '.[audit]'")
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10", "--requirement", str(requirements)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"pip-audit's data could not be reached within {_SECONDS} seconds")
    try:
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        pytest.skip(f"pip-audit's data could not be reached: {done.stderr.strip()[-300:]}")
    if all("skip_reason" in item for item in dependencies):
        pytest.skip(f"pip-audit's data could not be reached: {dependencies[0]['skip_reason']}")
    return dependencies


def test_dependencies_are_those_of_a_plain_installation() -> None:
    found = runtime_dependencies()
    assert {"flask", "granian", "msgspec", "werkzeug", "jinja2"} <= set(found)
    assert "pytest" not in found


def test_no_dependency_has_a_vulnerability_that_is_fixed_elsewhere(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    lines = [f"{name}=={version}\n" for name, version in sorted(runtime_dependencies().items())]
    requirements.write_text("".join(lines))
    fixable = [
        f"{item['name']} {item['version']}: {found['id']}, fixed in {found['fix_versions']}"
        for item in audited(requirements)
        for found in item.get("vulns", ())
        if found["fix_versions"]
    ]
    assert fixable == []
