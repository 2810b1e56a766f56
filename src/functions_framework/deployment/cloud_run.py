"""Cloud Run: the service, and the Eventarc triggers of functions that take events."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from .containers import build, environment, serving_service
from .project import HEALTH_PATH, PORT

if TYPE_CHECKING:
    from .project import Project, Served

TIMEOUT = 300.0
"""Seconds, the platform's default."""

KILLED_AFTER = 10.0
"""Seconds between SIGTERM and SIGKILL."""

# What Eventarc wants to know beside the type, by the beginning of the type: more filters and flags.
_MORE = {
    "google.cloud.pubsub.": ['--transport-topic "${TOPIC:?the name of the topic}"'],
    "google.cloud.storage.": ['--event-filters "bucket=${BUCKET:?the name of the bucket}"'],
    "google.cloud.firestore.": [
        "--event-filters 'database=(default)'",
        '--event-filters-path-pattern "document=${DOCUMENT:?a path, such as users/*}"',
        "--event-data-content-type application/protobuf",
    ],
    "google.cloud.audit.": [
        '--event-filters "serviceName=${SERVICE_NAME:?such as storage.googleapis.com}"',
        '--event-filters "methodName=${METHOD_NAME:?such as storage.objects.create}"',
    ],
    "google.firebase.database.": ['--event-filters "instance=${INSTANCE:?the database}"'],
    "google.": [],
}
_CHANNEL = '--channel "${CHANNEL:?the channel of your own events}"'


def files(project: Project) -> dict[str, str]:
    """The files beside the image's, text by name."""
    found = {"service.yaml": _service(project)}
    if any(function.types for function in project.triggered):
        found["eventarc.sh"] = _triggers(project)
    return found


def commands(project: Project) -> list[str]:
    """What deploys."""
    secrets = [
        f"printf %s VALUE | gcloud secrets create {name} --data-file -"
        for name in project.variables
    ]
    replace = f"gcloud run services replace {project.place}service.yaml --region REGION"
    triggers = any(function.types for function in project.triggered)
    return [
        *build(project),
        *secrets,
        replace,
        *([f"REGION=REGION ACCOUNT=ACCOUNT sh {project.place}eventarc.sh"] if triggers else []),
    ]


def _service(project: Project) -> str:
    timeout = TIMEOUT if project.timeout is None else project.timeout
    grace = min(KILLED_AFTER - 2, project.grace_period or KILLED_AFTER)
    annotations = {
        "autoscaling.knative.dev/maxScale": "10",
        "run.googleapis.com/startup-cpu-boost": "true",
    }
    container = _container(project, project.serving(timeout, grace))
    return serving_service(project, "cloud-run", timeout, annotations, container)


def _container(project: Project, served_with: dict[str, str]) -> dict[str, Any]:
    variables = {
        "# PORT is set by Cloud Run, which gives up after timeoutSeconds and kills": "",
        f"# {KILLED_AFTER:g} seconds after SIGTERM; the times of the function end before.": "",
        **served_with,
    }
    return {
        "# What `docker push` was given.": None,
        "image": project.image,
        "ports": [{"name": "http1", "containerPort": PORT}],
        "env": environment(
            variables, project.variables, lambda name: {"name": name, "key": "latest"}
        ),
        "resources": {"limits": {"cpu": "1", "memory": "256Mi"}},
        "startupProbe": {
            "# The port opens when the function is loaded; 503 means that a check says no.": None,
            "httpGet": {"path": HEALTH_PATH, "port": PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 1,
            "failureThreshold": 30,
        },
        "livenessProbe": {
            "httpGet": {"path": f"{HEALTH_PATH}/live", "port": PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
        },
    }


def _triggers(project: Project) -> str:
    lines = [
        f"# {project.head('cloud-run')}",
        "# The Eventarc triggers; run it once, with what it asks for in variables.",
        "set -eu",
        ': "${REGION:?such as europe-west1}" "${ACCOUNT:?the service account that may call it}"',
    ]
    for function in project.triggered:
        for number, kind in enumerate(function.types):
            lines += ["", *_trigger(project, function, kind, number)]
    return "\n".join(lines) + "\n"


def _trigger(project: Project, function: Served, kind: str, number: int) -> list[str]:
    name = f"{project.name}-{function.label}" if len(project.functions) > 1 else project.name
    if "*" in kind:
        return [
            f"# {function.name} takes {kind}, and Eventarc filters by exact types:",
            "# make a trigger for each that you want.",
        ]
    more = next((flags for start, flags in _MORE.items() if kind.startswith(start)), [_CHANNEL])
    parts = [
        f"gcloud eventarc triggers create {name}{f'-{number + 1}' if number else ''}",
        '--location "$REGION" --service-account "$ACCOUNT"',
        f'--destination-run-service {project.name} --destination-run-region "$REGION"',
        *([f"--destination-run-path {shlex.quote(function.path)}"] if function.path else []),
        f"--event-filters {shlex.quote(f'type={kind}')}",
        *more,
    ]
    return [" \\\n  ".join(parts)]
