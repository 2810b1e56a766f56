"""OpenFaaS: the stack file.

The image is the one of other platforms: OpenFaaS runs whatever serves HTTP on port 8080 and answers
its probes, so no watchdog stands in front of it. Sources: the OpenFaaS documentation, "Workloads",
"Stack file" (YAML format reference) and "Expanded timeouts".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .yaml_text import Raw, yaml_of

if TYPE_CHECKING:
    from .project import Project

TIMEOUT = 60.0
"""Seconds that the gateway waits unless it was told otherwise."""

GRACE_PERIOD = 8.0

PROBES = "/_/ready,/_/health"
"""Readiness and liveness, as the platform asks for them."""


def files(project: Project) -> dict[str, str]:
    """The file beside the image's, text by name."""
    timeout = TIMEOUT if project.timeout is None else project.timeout
    grace = GRACE_PERIOD if project.grace_period is None else project.grace_period
    variables = {**project.serving(timeout, grace), "HEALTH_PATH": PROBES}
    # The command-line tool puts the values of its own environment in.
    needed = {name: Raw(f"${{{name}}}") for name in project.variables}
    function = {
        "lang": "dockerfile",
        "handler": ".",
        "# What `faas-cli push` hands to the registry.": None,
        "image": project.image,
        "environment": {**variables, **needed},
        "readonly_root_filesystem": True,
        "requests": {"cpu": "100m", "memory": "96Mi"},
        "limits": {"memory": "256Mi"},
    }
    topics = [kind for one in project.triggered for kind in one.types if "*" not in kind]
    if topics:
        function["annotations"] = {"topic": ",".join(dict.fromkeys(topics))}
    document = {
        "version": "1.0",
        "provider": {"name": "openfaas", "gateway": "http://127.0.0.1:8080"},
        "functions": {project.name: function},
    }
    return {"stack.yaml": yaml_of(document, head=project.head("openfaas"))}


def commands(_: Project) -> list[str]:
    """What deploys."""
    return ["faas-cli up --yaml stack.yaml"]
