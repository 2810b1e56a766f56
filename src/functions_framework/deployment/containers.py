"""Parts of the manifests of Cloud Run, Knative and Kubernetes that are the same in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .yaml_text import yaml_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .project import Project

CAPACITY = {"requests": {"cpu": "100m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}}

SECURITY = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def environment(
    values: Mapping[str, str],
    needed: Sequence[str] = (),
    reference: Callable[[str], dict[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Variables as a container's list.

    Args:
        values: texts by name; a name that starts with `#` is a comment on the next.
        needed: what the source needs, whose values are kept as secrets.
        reference: where the secret of a name is.
    """
    found: list[dict[str, Any]] = []
    comment: dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith("#"):
            comment[name] = None
            continue
        found.append({**comment, "name": name, "value": value})
        comment = {}
    if reference is None:
        return found
    secrets = ({"secretKeyRef": reference(name)} for name in needed)
    return found + [
        {"name": name, "valueFrom": secret} for name, secret in zip(needed, secrets, strict=True)
    ]


def secret_of(project: Project) -> Callable[[str], dict[str, str]]:
    """Where a variable is kept in a cluster: in one Secret of the service's name."""
    return lambda name: {"name": project.name, "key": name}


def build(project: Project, dockerfile: str = "Dockerfile") -> list[str]:
    """The commands that make the image and hand it to its registry."""
    is_found = not project.place and dockerfile == "Dockerfile"
    file = "" if is_found else f"--file {project.place}{dockerfile} "
    return [f"docker build {file}--tag {project.image} .", f"docker push {project.image}"]


def apply(project: Project, names: Iterable[str]) -> str:
    """The command that hands files to a cluster."""
    return f"kubectl apply {' '.join(f'--filename {project.place}{name}' for name in names)}"


def make_secret(project: Project) -> list[str]:
    """The command that makes the Secret of a cluster, where there is something to keep."""
    if not project.variables:
        return []
    return [f"kubectl create secret generic {project.name} --from-env-file .env"]


def serving_service(
    project: Project,
    platform: str,
    timeout: float,
    annotations: dict[str, str],
    container: dict[str, Any],
) -> str:
    """A Service of Knative's serving API, which Cloud Run takes as well.

    Args:
        project: what is served.
        platform: for the command in its first line.
        timeout: seconds a request may take.
        annotations: of its revisions.
        container: the one that serves.
    """
    spec = {
        "containerConcurrency": project.concurrency,
        "timeoutSeconds": int(timeout),
        "containers": [container],
    }
    return yaml_of(
        {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": project.name},
            "spec": {"template": {"metadata": {"annotations": annotations}, "spec": spec}},
        },
        head=project.head(platform),
    )
