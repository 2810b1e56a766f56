"""What `func deploy` makes of a `func.yaml`, and how Knative starts, probes and ends it.

Sources: Knative func, `schema/func_yaml-schema.json` and "Project configuration with func.yaml";
Knative serving, runtime contract (`PORT`, `K_SERVICE`, probes, SIGTERM).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from support.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

# The members that the schema has, on each level that is written by hand.
_MEMBERS = {
    "": {
        "specVersion", "name", "domain", "runtime", "registry", "image", "namespace", "created",
        "invoke", "build", "run", "deploy",
    },
    "run": {"volumes", "envs", "podSecurityContext", "startTimeout"},
    "deploy": {
        "namespace", "image", "annotations", "options", "labels", "healthEndpoints",
        "serviceAccountName", "subscriptions",
    },
}  # fmt: skip
_PROBES = {"readiness": "/health/readiness", "liveness": "/health/liveness"}


def described(folder: Path) -> Any:
    """What the folder's `func.yaml` says, which has no members that func does not know."""
    found = yaml.safe_load((folder / "func.yaml").read_text(encoding="utf-8"))
    assert found.keys() >= {"specVersion", "created"}
    for name, members in _MEMBERS.items():
        assert (found[name] if name else found).keys() <= members
    assert found["invoke"] in {"http", "cloudevent"}
    return found


def probes(folder: Path) -> dict[str, str]:
    """Where func has a function probed."""
    return {**_PROBES, **described(folder)["deploy"].get("healthEndpoints", {})}


def start(folder: Path) -> ServerProcess:
    """Start the function as the container of its service."""
    found = described(folder)
    said = {item["name"]: str(item["value"]) for item in found["run"]["envs"]}
    knative = {
        "K_SERVICE": found["name"],
        "K_REVISION": f"{found['name']}-00001",
        "K_CONFIGURATION": found["name"],
    }
    return ServerProcess.start(folder / "main.py", None, **knative, **said)
