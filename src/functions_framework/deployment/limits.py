"""What platforms cannot do, or not for long: facts, each with where the platform says so.

The page of the documentation is compared with this table by a test.
"""

from __future__ import annotations

from typing import NamedTuple

MB = 1024 * 1024


class Limits(NamedTuple):
    """What holds on a platform; None where nothing is known to.

    Attributes:
        timeout: seconds that a call may take at most.
        timeout_source: who ends it.
        body: bytes that a request's body may have.
        streams: whether a response arrives in parts, as the function makes them.
        websockets: whether they get through.
        runs_after: whether a process goes on between calls.
        is_stopped: whether it gets a signal, and time, before its end.
        writable: where files may be written, empty for everywhere.
        stop: seconds between SIGTERM and the end.
        sources: the titles of the pages that say so.
    """

    timeout: float | None
    timeout_source: str
    body: int | None
    streams: bool
    websockets: bool
    runs_after: bool
    is_stopped: bool
    writable: str
    stop: float | None
    sources: str


LIMITS = {
    "aws-lambda": Limits(
        timeout=900,
        timeout_source="Lambda; API Gateway waits 29 seconds",
        body=6 * MB,
        streams=False,
        websockets=False,
        runs_after=False,
        is_stopped=False,
        writable="/tmp",  # noqa: S108 - the only one there is
        stop=None,
        sources="Lambda quotas; Lambda execution environment; Amazon API Gateway quotas",
    ),
    "azure": Limits(
        timeout=230,
        timeout_source="the load balancer in front of HTTP functions",
        body=100 * MB,
        streams=True,
        websockets=False,
        runs_after=False,
        is_stopped=False,
        writable="/tmp",  # noqa: S108
        stop=None,
        sources="Azure Functions scale and hosting; HTTP trigger, Limits; custom handlers",
    ),
    "cloud-run": Limits(
        timeout=3600,
        timeout_source="Cloud Run",
        body=32 * MB,
        streams=True,
        websockets=True,
        runs_after=False,
        is_stopped=True,
        writable="",
        stop=10,
        sources="Cloud Run quotas and limits; Container runtime contract; Billing settings",
    ),
    "heroku": Limits(
        timeout=30,
        timeout_source="Heroku's router, until the first byte",
        body=None,
        streams=True,
        websockets=True,
        runs_after=True,
        is_stopped=True,
        writable="",
        stop=30,
        sources="Request Timeout; Dynos and the Dyno Manager; WebSockets on Heroku",
    ),
    "knative": Limits(
        timeout=600,
        timeout_source="Knative, unless the cluster's max-revision-timeout-seconds is raised",
        body=None,
        streams=True,
        websockets=True,
        runs_after=True,
        is_stopped=True,
        writable="",
        stop=None,
        sources="Configuring the Defaults ConfigMap",
    ),
    "kubernetes": Limits(
        timeout=None,
        timeout_source="",
        body=None,
        streams=True,
        websockets=True,
        runs_after=True,
        is_stopped=True,
        writable="/tmp",  # noqa: S108
        stop=None,
        sources="Pod Lifecycle; the Deployment that deploy-files writes",
    ),
    "openfaas": Limits(
        timeout=60,
        timeout_source="OpenFaaS's gateway, unless its upstreamTimeout is raised",
        body=None,
        streams=True,
        websockets=False,
        runs_after=True,
        is_stopped=True,
        writable="/tmp",  # noqa: S108
        stop=None,
        sources="Workloads; Expanded timeouts",
    ),
}
LIMITS["knative-func"] = LIMITS["knative"]
"""By platform; those without an entry run nothing themselves."""
