"""Knative: the service, and a trigger for each function that takes events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .containers import (
    CAPACITY,
    SECURITY,
    apply,
    build,
    environment,
    make_secret,
    secret_of,
    serving_service,
)
from .project import HEALTH_PATH, PORT
from .yaml_text import yaml_of

if TYPE_CHECKING:
    from .project import Project, Served

TIMEOUT = 60.0
"""Seconds; the platform's own default is 300."""

GRACE_PERIOD = 8.0
"""Seconds: the proxy in front has let all requests end before SIGTERM comes."""


def files(project: Project) -> dict[str, str]:
    """The files beside the image's, text by name."""
    found = {"service.yaml": _service(project)}
    if project.triggered:
        triggers = [_trigger(project, function) for function in project.triggered]
        found["triggers.yaml"] = yaml_of(*triggers, head=project.head("knative"))
    return found


def commands(project: Project) -> list[str]:
    """What deploys."""
    return [*build(project), *make_secret(project), apply(project, files(project))]


def _service(project: Project) -> str:
    timeout = TIMEOUT if project.timeout is None else project.timeout
    grace = GRACE_PERIOD if project.grace_period is None else project.grace_period
    annotations = {
        "autoscaling.knative.dev/min-scale": "0",
        "autoscaling.knative.dev/max-scale": "10",
    }
    container = _container(project, project.serving(timeout, grace))
    return serving_service(project, "knative", timeout, annotations, container)


def _container(project: Project, served_with: dict[str, str]) -> dict[str, Any]:
    variables = {"# PORT is set by Knative.": "", **served_with}
    return {
        "# What `docker push` was given.": None,
        "image": project.image,
        "ports": [
            {
                "# h2c lets the queue proxy speak HTTP/2; http1 is served on the same port.": None,
                "name": "h2c",
                "containerPort": PORT,
            }
        ],
        "env": environment(variables, project.variables, secret_of(project)),
        "readinessProbe": {
            "# 503 means that no call should come now.": None,
            "httpGet": {"path": HEALTH_PATH, "port": PORT},
            "successThreshold": 1,
        },
        "resources": CAPACITY,
        "securityContext": SECURITY,
    }


def _trigger(project: Project, function: Served) -> dict[str, Any]:
    name = f"{project.name}-{function.label}" if len(project.functions) > 1 else project.name
    service = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": project.name}
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": name},
        "spec": {
            "broker": "default",
            **filters_of(function),
            "delivery": {
                "# After a crash (500) and Retry (503); a dropped event (422) not once.": None,
                "retry": 5,
                "backoffPolicy": "exponential",
                "backoffDelay": "PT1S",
            },
            "subscriber": {"ref": service, **({"uri": function.path} if function.path else {})},
        },
    }


def filters_of(function: Served) -> dict[str, Any]:
    """The filter of a trigger: which events a function takes; nothing where it takes all."""
    wanted = [_filter(kind) for kind in function.types if kind != "*"]
    if not wanted or len(wanted) < len(function.types):
        return {}
    if len(wanted) == 1 and "exact" in wanted[0]:
        return {"filter": {"attributes": wanted[0]["exact"]}}
    return {"filters": wanted if len(wanted) == 1 else [{"any": wanted}]}


def _filter(kind: str) -> dict[str, dict[str, str]]:
    return {"prefix": {"type": kind[:-1]}} if kind.endswith("*") else {"exact": {"type": kind}}
