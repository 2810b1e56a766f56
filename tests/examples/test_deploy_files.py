"""The deployment examples: ports, probes, variables and times agree, also with the code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner

from functions_framework.commands.cli import program
from functions_framework.deployment.dockerfile import DOCKERIGNORE
from functions_framework.server.wire.health import CHECK_SECONDS
from functions_framework.settings import Settings, options
from support.deployment_files import check, check_compose, documents

EXAMPLES = Path(__file__).parents[2] / "examples"
YAML_FILES = sorted(EXAMPLES.rglob("*.yaml"))
KILL_AFTER = {
    "container/service.yaml": 10.0,
    "knative/orders.yaml": 10.0,
    "knative/service.yaml": 10.0,
}
PLATFORM_VARIABLES = {"PORT"}


def load(name: str) -> Any:
    """The one document of an example's YAML file."""
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


def pod(name: str) -> Any:
    """The pod specification of a Service or Deployment."""
    return load(name)["spec"]["template"]["spec"]


def environment(container: Any) -> dict[str, str]:
    """The variables a container gets."""
    return {item["name"]: item["value"] for item in container["env"]}


def made(folder: str, *arguments: str) -> dict[str, str]:
    """What `deploy-files` writes for an example, text by name."""
    here = Path.cwd()
    with TemporaryDirectory() as output:
        os.chdir(EXAMPLES / folder)
        try:
            words = ["deploy-files", *arguments, "--output", output]
            done = CliRunner().invoke(program, words)
        finally:
            os.chdir(here)
        assert done.exit_code == 0, done.output
        return {path.name: path.read_text(encoding="utf-8") for path in Path(output).iterdir()}


@pytest.mark.parametrize(
    ("folder", "arguments", "where"),
    [
        ("container", ["cloud-run"], "container"),
        ("container", ["knative"], "knative"),
        ("container", ["kubernetes", "--image", "hello"], "kubernetes"),
        ("buildpacks", ["procfile"], "buildpacks"),
        ("orders", ["openfaas"], "orders"),
        (
            "orders",
            [
                *("kubernetes", "--target", "on_order", "--name", "orders"),
                *("--idempotency-store", "redis://redis:6379/0"),
            ],
            "orders/kubernetes",
        ),
    ],
)
def test_an_example_is_what_the_command_writes(
    folder: str, arguments: list[str], where: str
) -> None:
    found = made(folder, *arguments)
    there = {name for name in found if (EXAMPLES / where / name).exists()}
    assert there
    for name in there:
        assert (EXAMPLES / where / name).read_text(encoding="utf-8") == found[name], name


@pytest.mark.parametrize("folder", ["container", "orders"])
def test_an_image_leaves_out_what_is_secret(folder: str) -> None:
    assert (EXAMPLES / folder / ".dockerignore").read_text(encoding="utf-8") == DOCKERIGNORE


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("azure_functions/**/*.json")), ids=str)
def test_what_azure_reads_fits_its_schema(path: Path) -> None:
    if path.name != "local.settings.json":
        check(path.name, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_yaml_file_fits_its_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "compose" in path.name:
        check_compose(text)
    elif path.name in {"skaffold.yaml", "cloudbuild.yaml"} or "\nTransform: " in text:
        assert documents(text)  # what their own tools read
    else:
        check(path.name, text)


@pytest.mark.parametrize("name", ["container", "buildpacks", "orders"])
def test_the_requirements_name_the_framework(name: str) -> None:
    lines = (EXAMPLES / name / "requirements.txt").read_text(encoding="utf-8").split()
    assert any(line.startswith("functions-framework") for line in lines)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("container/service.yaml", "hello"),
        ("knative/orders.yaml", "price,bill,dead_letter"),
        ("knative/service.yaml", "hello"),
        ("kubernetes/deployment.yaml", "hello"),
        ("orders/kubernetes/deployment.yaml", "on_order"),
    ],
)
def test_variables_are_ones_the_command_reads(name: str, target: str) -> None:
    known = {option.variable: option for option in options().values()}
    (container,) = pod(name)["containers"]
    for variable, value in environment(container).items():
        known[variable].parse(value)
    assert environment(container)["FUNCTION_TARGET"] == target


@pytest.mark.parametrize(
    "name", ["container/service.yaml", "knative/orders.yaml", "knative/service.yaml"]
)
def test_a_knative_service_times_out_where_the_function_does(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]
    assert load(name)["apiVersion"] == "serving.knative.dev/v1"
    assert environment(container)["CLOUD_RUN_TIMEOUT_SECONDS"] == str(spec["timeoutSeconds"])
    assert spec["containerConcurrency"] <= Settings.default("threads")
    assert not PLATFORM_VARIABLES & set(environment(container))


@pytest.mark.parametrize("name", sorted(KILL_AFTER))
def test_the_grace_period_ends_before_the_platform_kills(name: str) -> None:
    (container,) = pod(name)["containers"]
    assert float(environment(container)["GRACE_PERIOD"]) < KILL_AFTER[name]


def test_the_default_grace_period_ends_before_cloud_run_kills() -> None:
    assert Settings.default("grace_period") < 10


@pytest.mark.parametrize(
    ("name", "port_name"),
    [
        ("container/service.yaml", "http1"),
        ("knative/orders.yaml", "h2c"),
        ("knative/service.yaml", "h2c"),
    ],
)
def test_a_knative_service_names_its_port_and_probes_it(name: str, port_name: str) -> None:
    (container,) = pod(name)["containers"]
    probe = container.get("startupProbe") or container["readinessProbe"]
    assert container["ports"] == [{"name": port_name, "containerPort": 8080}]
    asked = probe.get("tcpSocket") or probe["httpGet"]
    assert asked["port"] == 8080
    assert asked.get("path") == environment(container).get("HEALTH_PATH")


def test_the_trigger_sends_to_the_service_of_the_same_folder() -> None:
    reference = load("knative/trigger.yaml")["spec"]["subscriber"]["ref"]
    service = load("knative/service.yaml")
    assert (reference["apiVersion"], reference["kind"], reference["name"]) == (
        service["apiVersion"],
        service["kind"],
        service["metadata"]["name"],
    )


@pytest.mark.parametrize("name", ["event_pubsub", "orders"])
def test_the_push_subscription_of_the_emulator_reaches_the_function(name: str) -> None:
    services = load(f"{name}/compose.yaml")["services"]
    folder = EXAMPLES / name
    subscription = json.loads((folder / "push-subscription.json").read_text(encoding="utf-8"))
    endpoint = urlsplit(subscription["pushConfig"]["pushEndpoint"])
    function = services[endpoint.hostname]
    assert function["environment"].get("PORT", "8080") == str(endpoint.port)
    for target in function["environment"]["FUNCTION_TARGET"].split(","):
        assert f"def {target}(" in (folder / "main.py").read_text(encoding="utf-8")
    assert endpoint.path == f"/{subscription['topic']}"
    words = services["topics"]["command"][-1]
    for topic in (subscription["topic"], subscription["deadLetterPolicy"]["deadLetterTopic"]):
        assert f'"$$PROJECT/topics/{topic.rpartition("/")[2]}"' in words
    pubsub = urlsplit(services["topics"]["environment"]["PROJECT"])
    assert f"0.0.0.0:{pubsub.port}" in services[pubsub.hostname]["command"][-1]
    assert subscription["topic"].startswith(pubsub.path.removeprefix("/v1/"))


def test_the_instances_of_orders_share_one_store() -> None:
    services = load("orders/compose.yaml")["services"]
    assert services["orders"]["deploy"]["replicas"] > 1
    store = urlsplit(services["orders"]["environment"]["IDEMPOTENCY_STORE"])
    assert services[store.hostname]["image"].startswith("redis:")
    assert services["orders"]["depends_on"][store.hostname] == {"condition": "service_healthy"}
    (container,) = pod("orders/kubernetes/deployment.yaml")["containers"]
    store = urlsplit(environment(container)["IDEMPOTENCY_STORE"])
    redis = documents((EXAMPLES / "orders/kubernetes/redis.yaml").read_text(encoding="utf-8"))
    (service,) = (one for one in redis if one["kind"] == "Service")
    (stateful,) = (one for one in redis if one["kind"] == "StatefulSet")
    assert service["metadata"]["name"] == store.hostname
    assert service["spec"]["ports"][0]["port"] == store.port
    assert service["spec"]["selector"] == stateful["spec"]["template"]["metadata"]["labels"]


def test_the_broker_of_orders_delivers_to_the_service_and_keeps_what_is_given_up() -> None:
    text = (EXAMPLES / "orders/kubernetes/broker.yaml").read_text(encoding="utf-8")
    broker, sink, trigger = documents(text)
    assert trigger["spec"]["broker"] == broker["metadata"]["name"]
    dead = broker["spec"]["delivery"]["deadLetterSink"]["ref"]
    assert (dead["kind"], dead["name"]) == (sink["kind"], sink["metadata"]["name"])
    assert trigger["spec"]["subscriber"]["ref"] == {
        "apiVersion": "v1",
        "kind": "Service",
        "name": load("orders/kubernetes/service.yaml")["metadata"]["name"],
    }
    kind = trigger["spec"]["filter"]["attributes"]["type"]
    assert f'type="{kind}"' in (EXAMPLES / "orders/main.py").read_text(encoding="utf-8")


def test_the_deployment_probes_the_port_it_listens_on() -> None:
    (container,) = pod("kubernetes/deployment.yaml")["containers"]
    (port,) = container["ports"]
    assert environment(container)["PORT"] == str(port["containerPort"])
    path = environment(container)["HEALTH_PATH"]
    assert container["startupProbe"]["tcpSocket"] == {"port": port["name"]}
    assert container["readinessProbe"]["httpGet"] == {"path": path, "port": port["name"]}
    assert container["livenessProbe"]["httpGet"] == {"path": f"{path}/live", "port": port["name"]}
    assert container["readinessProbe"]["timeoutSeconds"] > CHECK_SECONDS


def test_kubernetes_waits_for_the_hook_and_the_grace_period() -> None:
    spec = pod("kubernetes/deployment.yaml")
    (container,) = spec["containers"]
    _, pause = container["lifecycle"]["preStop"]["exec"]["command"]
    grace = float(environment(container)["GRACE_PERIOD"])
    assert float(pause) + grace < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize(
    "name", ["knative/orders.yaml", "knative/service.yaml", "kubernetes/deployment.yaml"]
)
def test_the_container_has_no_rights(name: str) -> None:
    (container,) = pod(name)["containers"]
    context = container["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_the_kubernetes_service_finds_the_deployment() -> None:
    service, deployment = load("kubernetes/service.yaml"), load("kubernetes/deployment.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]


def test_skaffold_builds_the_image_the_deployment_runs() -> None:
    skaffold = load("kubernetes/skaffold.yaml")
    (artifact,) = skaffold["build"]["artifacts"]
    (container,) = pod("kubernetes/deployment.yaml")["containers"]
    (forward,) = skaffold["portForward"]
    folder = EXAMPLES / "kubernetes"
    assert artifact["image"] == container["image"]
    assert (folder / artifact["context"] / artifact["docker"]["dockerfile"]).is_file()
    assert all((folder / name).is_file() for name in skaffold["manifests"]["rawYaml"])
    assert forward["port"] == load("kubernetes/service.yaml")["spec"]["ports"][0]["port"]


def test_compose_builds_the_image_and_waits_longer_than_the_grace_period() -> None:
    service = load("docker_compose/compose.yaml")["services"]["hello"]
    _, inner = service["ports"][0].split(":")
    assert (EXAMPLES / "docker_compose" / service["build"] / "Dockerfile").is_file()
    assert service["environment"]["PORT"] == inner
    assert float(service["environment"]["GRACE_PERIOD"]) < float(service["stop_grace_period"][:-1])


def test_composes_development_service_uses_flags_the_command_has() -> None:
    service = load("docker_compose/compose.yaml")["services"]["hello-dev"]
    program, *flags = service["command"]
    assert program == "functions-framework"
    assert set(flags) <= {option.flag for option in options().values()}


def test_cloud_build_builds_pushes_and_deploys_one_image() -> None:
    build = load("container/cloudbuild.yaml")
    steps = {step["id"]: step["args"] for step in build["steps"]}
    assert list(steps) == ["build", "push", "deploy"]
    assert "${_IMAGE}" in steps["build"]
    assert "${_IMAGE}" in steps["push"]
    assert "--image=${_IMAGE}" in steps["deploy"]
    service = pod("container/service.yaml")
    assert f"--timeout={service['timeoutSeconds']}" in steps["deploy"]
    assert f"--concurrency={service['containerConcurrency']}" in steps["deploy"]


def test_the_procfile_starts_the_command() -> None:
    line = (EXAMPLES / "buildpacks" / "Procfile").read_text(encoding="utf-8").strip()
    assert line == "web: functions-framework --target hello"
