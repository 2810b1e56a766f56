"""Kubernetes: the Deployment, its Service, and what decides how many pods there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.server.wire.health import CHECK_SECONDS

from .containers import CAPACITY, SECURITY, apply, build, environment, make_secret, secret_of
from .project import HEALTH_PATH, PORT
from .yaml_text import yaml_of

if TYPE_CHECKING:
    from .project import Project

GRACE_PERIOD = 20.0
"""Seconds that calls get at a stop where nothing else was said."""

PRE_STOP = 5
"""Seconds until the last part of a cluster knows that a pod takes no more requests."""

# KEDA's scalers of the queues whose events a function may take, by the beginning of the type.
_QUEUES: dict[str, dict[str, Any]] = {
    "google.cloud.pubsub.": {
        "type": "gcp-pubsub",
        "metadata": {"subscriptionName": "SUBSCRIPTION", "mode": "SubscriptionSize", "value": "20"},
        "authenticationRef": {"name": "AUTHENTICATION"},
    },
    "com.amazonaws.sqs.": {
        "type": "aws-sqs-queue",
        "metadata": {"queueURL": "QUEUE-URL", "awsRegion": "REGION", "queueLength": "20"},
        "authenticationRef": {"name": "AUTHENTICATION"},
    },
    "dev.knative.kafka.": {
        "type": "kafka",
        "metadata": {
            "bootstrapServers": "BROKER:9092",
            "consumerGroup": "GROUP",
            "topic": "TOPIC",
            "lagThreshold": "20",
        },
    },
    "dev.knative.rabbitmq.": {
        "type": "rabbitmq",
        "metadata": {"queueName": "QUEUE", "mode": "QueueLength", "value": "20"},
        "authenticationRef": {"name": "AUTHENTICATION"},
    },
}


def files(project: Project) -> dict[str, str]:
    """The files beside the image's, text by name."""
    found = {"deployment.yaml": _deployment(project), "service.yaml": _service(project)}
    queues = queues_of(project)
    if queues:
        # KEDA makes an autoscaler itself: a second one of the same pods would work against it.
        found["scaledobject.yaml"] = _scaled_object(project, queues)
    else:
        found["autoscaler.yaml"] = _autoscaler(project)
    return found


def commands(project: Project) -> list[str]:
    """What deploys."""
    return [*build(project), *make_secret(project), apply(project, files(project))]


def queues_of(project: Project) -> list[dict[str, Any]]:
    """KEDA's triggers for the queues whose events the functions take."""
    types = [kind for function in project.functions for kind in function.types]
    return [
        trigger
        for start, trigger in _QUEUES.items()
        if any(kind.startswith(start) for kind in types)
    ]


def grace_period_of(project: Project) -> float:
    """Seconds that calls get at a stop: what was said, else what one may take."""
    return project.grace_period or project.timeout or GRACE_PERIOD


def _deployment(project: Project) -> str:
    labels = {"app": project.name}
    grace = grace_period_of(project)
    end = int(PRE_STOP + grace + 5)
    pod = {
        f"# More than preStop ({PRE_STOP}) and GRACE_PERIOD ({grace:g}) together.": None,
        "terminationGracePeriodSeconds": end,
        "automountServiceAccountToken": False,
        "containers": [_container(project, grace)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return yaml_of(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": project.name, "labels": labels},
            "spec": {
                "# Their number is the autoscaler's: replicas here would set it back.": None,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
        head=project.head("kubernetes"),
    )


def _container(project: Project, grace: float) -> dict[str, Any]:
    variables = project.serving(project.timeout or 0, grace)
    if project.timeout is None:
        del variables["CLOUD_RUN_TIMEOUT_SECONDS"]
    return {
        "name": project.name,
        "image": project.image,
        "ports": [{"name": "http", "containerPort": PORT}],
        "env": environment({"PORT": str(PORT), **variables}, project.variables, secret_of(project)),
        **_probes(),
        "lifecycle": {
            "preStop": {
                "# Endpoints are removed while this runs; until then requests still arrive.": None,
                "exec": {"command": ["sleep", str(PRE_STOP)]},
            }
        },
        "resources": CAPACITY,
        "securityContext": {**SECURITY, "readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own
    }


def _probes() -> dict[str, Any]:
    return {
        "# The port opens when the function is loaded; until then liveness is not asked.": None,
        "startupProbe": {
            "tcpSocket": {"port": "http"},
            "periodSeconds": 1,
            "failureThreshold": 30,
        },
        "# 503 while draining, with all places taken, or when a check says no.": None,
        "readinessProbe": {
            "httpGet": {"path": HEALTH_PATH, "port": "http"},
            "periodSeconds": 5,
            f"# A function's checks have {CHECK_SECONDS:g} seconds.": None,
            "timeoutSeconds": int(CHECK_SECONDS) + 1,
        },
        "# Not for what a restart cannot mend: checks do not count.": None,
        "livenessProbe": {
            "httpGet": {"path": f"{HEALTH_PATH}/live", "port": "http"},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
    }


def _service(project: Project) -> str:
    return yaml_of(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": project.name},
            "spec": {
                "selector": {"app": project.name},
                "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
            },
        },
        head=project.head("kubernetes"),
    )


def _autoscaler(project: Project) -> str:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": project.name}
    processor = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    return yaml_of(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": project.name},
            "spec": {
                "scaleTargetRef": target,
                "minReplicas": 2,
                "maxReplicas": 10,
                "# Of what the container requests. For functions that wait, measure": None,
                "# functions_in_flight of --metrics-port instead.": None,
                "metrics": [{"type": "Resource", "resource": processor}],
            },
        },
        head=project.head("kubernetes"),
    )


def _scaled_object(project: Project, queues: list[dict[str, Any]]) -> str:
    return yaml_of(
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": project.name},
            "spec": {
                "scaleTargetRef": {"name": project.name},
                "# Events are pushed to the service: one pod is there to take them.": None,
                "minReplicaCount": 1,
                "maxReplicaCount": 10,
                "# What is written in capitals is yours to fill in.": None,
                "triggers": queues,
            },
        },
        head=project.head("kubernetes"),
    )
