"""Knative's `func`: its file, for an image that the Dockerfile makes.

Source: `schema/func_yaml-schema.json` of the project knative/func.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .containers import build, make_secret
from .knative import GRACE_PERIOD, TIMEOUT
from .yaml_text import yaml_of

if TYPE_CHECKING:
    from .project import Project

PROBES = "/health/readiness,/health/liveness"

# `func` takes a file without a date for one of no function; which date, it doesn't matter.
_CREATED = "2026-01-01T00:00:00Z"


def files(project: Project) -> dict[str, str]:
    """The file beside the image's, text by name."""
    timeout = TIMEOUT if project.timeout is None else project.timeout
    grace = GRACE_PERIOD if project.grace_period is None else project.grace_period
    variables = {**project.serving(timeout, grace), "HEALTH_PATH": PROBES}
    readiness, liveness = PROBES.split(",")
    envs = [{"name": name, "value": value} for name, value in variables.items()]
    envs += [
        {"name": name, "value": f"{{{{ secret:{project.name}:{name} }}}}"}
        for name in project.variables
    ]
    deploy: dict[str, Any] = {
        "healthEndpoints": {"liveness": liveness, "readiness": readiness},
        "options": {
            "scale": {"min": 0, "max": 10, "metric": "concurrency"},
            "resources": {
                "requests": {"cpu": "100m", "memory": "96Mi"},
                "limits": {"memory": "256Mi", "concurrency": project.concurrency},
            },
        },
    }
    # Its filters are exact and it sends to / only; all else needs the triggers of plain Knative.
    reached = [function for function in project.triggered if function.path in {None, "/"}]
    types = [kind for function in reached for kind in function.types if "*" not in kind]
    if types:
        deploy["subscriptions"] = [
            {"source": "default", "filters": {"type": kind}} for kind in dict.fromkeys(types)
        ]
    document = {
        "specVersion": "0.36.0",
        "name": project.name,
        "runtime": "python",
        "image": project.image,
        "created": _CREATED,
        "invoke": "cloudevent" if project.triggered else "http",
        "run": {"envs": envs},
        "deploy": deploy,
    }
    return {"func.yaml": yaml_of(document, head=project.head("knative-func"))}


def commands(project: Project) -> list[str]:
    """What deploys."""
    deploy = f"func deploy --build=false --push=false --image {project.image}"
    return [*build(project), *make_secret(project), deploy]
