"""Installs what is measured: two virtual environments and the Node.js framework, in the cache."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

from .places import CACHE, ROOT

REFERENCE = "functions-framework==3.10.2"
NODE_PACKAGE = "@google-cloud/functions-framework"
_VERSIONS = """
import importlib.metadata as m, json
print(json.dumps({d.metadata["Name"].lower(): d.version for d in m.distributions()}))
"""


class InstallError(Exception):
    """Something that is needed could not be installed, or is missing."""


@dataclass(frozen=True, slots=True)
class Installs:
    """Where each contender is.

    Attributes:
        ours: virtual environment of this checkout.
        reference: virtual environment of the reference.
        node: directory with `node_modules`, None where there is no Node.js.
        versions: of everything that has a say, by name.
    """

    ours: Path
    reference: Path
    node: Path | None
    versions: dict[str, str]


def prepare() -> Installs:
    """Install what is missing or out of date, and say what there is.

    Raises:
        InstallError: a tool is missing or an installation failed; the text says what to do.
    """
    if shutil.which("wrk") is None:
        raise InstallError("wrk is missing: install it (Debian: apt-get install wrk)")
    reference = _environment("reference", REFERENCE, REFERENCE)
    ours = _environment("ours", f"{ROOT}[redis]", _fingerprint())
    node = _node()
    return Installs(ours, reference, node, _versions(ours, reference, node))


def _environment(name: str, requirement: str, stamp: str) -> Path:
    """A virtual environment with one requirement in it, made again when its stamp changed."""
    stamp = f"{platform.python_version()} {stamp}"
    place = CACHE / name
    written = place / "stamp"
    if written.exists() and written.read_text() == stamp:
        return place
    print(f"installing {name} in {place.relative_to(ROOT)} ...", flush=True)
    venv.create(place, clear=True, with_pip=True)
    _run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", requirement])
    written.write_text(stamp)
    return place


def _fingerprint() -> str:
    """A digest of everything that ends up in our wheel."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    for file in sorted((ROOT / "src").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _node() -> Path | None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("node or npm is missing: the Node.js framework is left out")
        return None
    place = CACHE / "node"
    if not (place / "node_modules" / NODE_PACKAGE).is_dir():
        print(f"installing {NODE_PACKAGE} in {place.relative_to(ROOT)} ...", flush=True)
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text('{"private": true}')
        _run(["npm", "install", "--no-fund", "--no-audit", "--prefix", str(place), NODE_PACKAGE])
    return place


def _versions(ours: Path, reference: Path, node: Path | None) -> dict[str, str]:
    mine = _distributions(ours)
    theirs = _distributions(reference)
    versions = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for name in ("functions-framework", "granian", "flask", "starlette", "msgspec", "cloudevents"):
        versions[name] = mine[name]
    for name in ("functions-framework", "gunicorn", "uvicorn", "flask", "cloudevents"):
        versions[f"ref {name}"] = theirs[name]
    if node is not None:
        package = node / "node_modules" / NODE_PACKAGE / "package.json"
        versions["node"] = _run(["node", "--version"]).strip()
        versions[f"node {NODE_PACKAGE}"] = json.loads(package.read_text())["version"]
    shown = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    versions["wrk"] = (shown.stdout + shown.stderr).split("Copyright")[0].strip()
    return versions


def _distributions(place: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(_run([str(place / "bin" / "python"), "-c", _VERSIONS]))
    return found


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=CACHE)
    if done.returncode != 0:
        lines = "\n".join((done.stderr or done.stdout).splitlines()[-8:])
        raise InstallError(f"{' '.join(argv[:5])} failed ({done.returncode}):\n{lines}")
    return done.stdout
