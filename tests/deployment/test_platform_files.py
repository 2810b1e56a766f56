"""The files of each platform: they fit the platform's schema and say what the functions say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deployment.conftest import EVERYTHING, HELLO
from functions_framework.deployment.limits import LIMITS
from functions_framework.deployment.platforms import PLATFORMS, commands_for, files_for
from functions_framework.settings import options
from support.deployment_files import check, check_workflow, documents

if TYPE_CHECKING:
    from pathlib import Path

    from deployment.conftest import MakeProject

pytestmark = pytest.mark.once

YAML = (".yaml", ".json")


@pytest.mark.parametrize("code", [EVERYTHING, HELLO], ids=["everything", "hello"])
@pytest.mark.parametrize("platform", sorted(PLATFORMS.keys() - {"github"}))
def test_every_file_fits_its_schema(make: MakeProject, platform: str, code: str) -> None:
    project = make(code, timeout=20.5, workers=2, image="registry.example/shop:1")
    found = files_for(platform, project)
    for name, text in found.items():
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        if name.endswith(YAML):
            check(name, text)
    assert commands_for(platform, project)


@pytest.mark.parametrize("code", [EVERYTHING, HELLO], ids=["everything", "hello"])
def test_the_workflow_fits_its_schema(make: MakeProject, code: str) -> None:
    ((name, text),) = files_for("github", make(code)).items()
    check_workflow(text)
    assert name == ".github/workflows/test.yml"


SECRET = "a-value-that-is-nobody's-business"


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_values_of_needed_variables_are_written_nowhere(
    make: MakeProject, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setenv("API_KEY", SECRET)
    project = make(EVERYTHING, platform=platform)
    texts = [*files_for(platform, project).values(), *commands_for(platform, project)]
    assert not any(SECRET in text for text in texts)
    is_named = any("API_KEY" in text or "ApiKey" in text for text in texts)
    assert is_named is (platform != "procfile")


def test_a_set_of_types_is_written_in_one_order(make: MakeProject) -> None:
    kinds = {f"com.example.{number}" for number in range(9)}
    code = f"""
        import functions_framework
        @functions_framework.cloud_event(type={kinds})
        def on_any(event): ...
    """
    assert [one.types for one in make(code).functions] == [tuple(sorted(kinds))]


def environment(platform: str, text: str) -> dict[str, Any]:
    """The variables that a file sets, those that are kept as secrets left out."""
    content: Any = yaml.safe_load(text)
    if platform == "openfaas":
        (function,) = content["functions"].values()
        return dict(function["environment"])
    if platform == "knative-func":
        pairs = content["run"]["envs"]
    else:
        pairs = content["spec"]["template"]["spec"]["containers"][0]["env"]
    return {pair["name"]: pair.get("value") for pair in pairs}


MAIN_FILE = {
    "cloud-run": "service.yaml",
    "knative": "service.yaml",
    "knative-func": "func.yaml",
    "kubernetes": "deployment.yaml",
    "openfaas": "stack.yaml",
}


@pytest.mark.parametrize("platform", MAIN_FILE)
def test_variables_are_ones_that_the_command_reads(make: MakeProject, platform: str) -> None:
    project = make(EVERYTHING, timeout=20.0, workers=2, concurrency=7)
    found = environment(platform, files_for(platform, project)[MAIN_FILE[platform]])
    known = {option.variable: option for option in options().values()}
    secret = found.pop("API_KEY")
    assert secret is None or "API_KEY" in secret
    for name, value in found.items():
        known[name].parse(value)
    assert found["FUNCTION_TARGET"].split(",")[:2] == ["hello", "add_order"]
    assert found["CLOUD_RUN_TIMEOUT_SECONDS"] == "20"
    assert (found["WORKERS"], found["CONCURRENCY"]) == ("2", "7")


@pytest.mark.parametrize("platform", ["cloud-run", "knative"])
def test_the_platform_gives_up_when_the_function_does(make: MakeProject, platform: str) -> None:
    for settings, seconds, at_once in [
        ({}, {"cloud-run": 300, "knative": 60}[platform], 80),
        ({"timeout": 20.0, "concurrency": 7}, 20, 7),
        ({"timeout": 20.0, "threads": 10, "workers": 2}, 20, 20),
    ]:
        text = files_for(platform, make(HELLO, **settings))["service.yaml"]
        spec = yaml.safe_load(text)["spec"]["template"]["spec"]
        said = environment(platform, text)["CLOUD_RUN_TIMEOUT_SECONDS"]
        assert (spec["timeoutSeconds"], float(said)) == (seconds, seconds)
        assert spec["containerConcurrency"] == at_once


def test_async_functions_are_not_held_back_by_threads(make: MakeProject) -> None:
    code = HELLO.replace("def hello", "async def hello")
    text = files_for("knative", make(code, threads=4))["service.yaml"]
    assert yaml.safe_load(text)["spec"]["template"]["spec"]["containerConcurrency"] == 80


@pytest.mark.parametrize(
    ("settings", "grace"),
    [({}, 20), ({"timeout": 45.0}, 45), ({"timeout": 45.0, "grace_period": 3.0}, 3)],
)
def test_kubernetes_waits_for_the_hook_and_the_calls(
    make: MakeProject, settings: Any, grace: int
) -> None:
    text = files_for("kubernetes", make(HELLO, **settings))["deployment.yaml"]
    pod = yaml.safe_load(text)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    _, pause = container["lifecycle"]["preStop"]["exec"]["command"]
    assert float(environment("kubernetes", text)["GRACE_PERIOD"]) == grace
    assert pod["terminationGracePeriodSeconds"] > grace + float(pause)


@pytest.mark.parametrize("given", [None, 5.0, 60.0])
def test_cloud_run_and_heroku_kill_after_the_grace_period(
    make: MakeProject, given: float | None
) -> None:
    settings = {} if given is None else {"grace_period": given}
    text = files_for("cloud-run", make(HELLO, **settings))["service.yaml"]
    assert float(environment("cloud-run", text)["GRACE_PERIOD"]) < LIMITS["cloud-run"].stop  # type: ignore[operator]
    words = files_for("heroku", make(HELLO, **settings))["Procfile"].split()
    assert float(words[words.index("--grace-period") + 1]) < LIMITS["heroku"].stop  # type: ignore[operator]


def test_knative_gets_a_trigger_for_each_function_that_takes_events(make: MakeProject) -> None:
    code = """
        import functions_framework
        @functions_framework.http
        def hello(request): ...
        @functions_framework.cloud_event(type="com.example.a")
        def one(event): ...
        @functions_framework.cloud_event(type=["com.example.b", "com.example.c.*"])
        def several(event): ...
        @functions_framework.cloud_event(type="*")
        def rest(event): ...
        @functions_framework.cloud_event(path="/all")
        def every(event): ...
    """
    found = documents(files_for("knative", make(code))["triggers.yaml"])
    said = {
        one["metadata"]["name"]: (
            one["spec"]["subscriber"]["uri"],
            one["spec"].get("filter"),
            one["spec"].get("filters"),
        )
        for one in found
    }
    both = [{"exact": {"type": "com.example.b"}}, {"prefix": {"type": "com.example.c."}}]
    assert said == {
        "shop-one": ("/", {"attributes": {"type": "com.example.a"}}, None),
        "shop-several": ("/", None, [{"any": both}]),
        "shop-rest": ("/", None, None),
        "shop-every": ("/all", None, None),
    }


def test_one_function_alone_needs_no_path(make: MakeProject) -> None:
    code = """
        import functions_framework
        @functions_framework.cloud_event(type="com.example.a")
        def on_order(event): ...
    """
    (trigger,) = documents(files_for("knative", make(code))["triggers.yaml"])
    assert trigger["metadata"]["name"] == "on-order"
    assert set(trigger["spec"]["subscriber"]) == {"ref"}


def test_pods_are_scaled_by_one_thing_only(make: MakeProject) -> None:
    plain = files_for("kubernetes", make(HELLO))
    queued = files_for("kubernetes", make(EVERYTHING))
    assert "autoscaler.yaml" in plain.keys() - queued.keys()
    assert "scaledobject.yaml" in queued.keys() - plain.keys()
    triggers = yaml.safe_load(queued["scaledobject.yaml"])["spec"]["triggers"]
    assert [one["type"] for one in triggers] == ["gcp-pubsub", "aws-sqs-queue"]
    for found in (plain, queued):
        assert "replicas" not in yaml.safe_load(found["deployment.yaml"])["spec"]


def resources(text: str, kind: str) -> dict[str, Any]:
    """The properties of a template's resources of a type, by name."""
    (template,) = documents(text)
    found = template["Resources"].items()
    return {name: one["Properties"] for name, one in found if one["Type"] == kind}


def test_a_template_has_a_lambda_for_each_function(make: MakeProject) -> None:
    text = files_for("aws-lambda", make(EVERYTHING, timeout=20.0))["template.yaml"]
    functions = resources(text, "AWS::Lambda::Function")
    targets = [one["Environment"]["Variables"]["FUNCTION_TARGET"] for one in functions.values()]
    assert targets[:3] == ["hello", "add_order", "on_order"]
    assert {one["Timeout"] for one in functions.values()} == {20}
    assert all(
        one["Environment"]["Variables"]["API_KEY"] == {"Ref": "ApiKey"}
        for one in functions.values()
    )
    assert set(resources(text, "AWS::Lambda::Url")) == {"HelloUrl", "AddOrderUrl"}


def test_a_queue_holds_messages_longer_than_a_call_and_gets_back_what_failed(
    make: MakeProject,
) -> None:
    text = files_for("aws-lambda", make(EVERYTHING, timeout=900.0))["template.yaml"]
    queues = resources(text, "AWS::SQS::Queue")
    assert queues["OnQueueQueue"]["VisibilityTimeout"] == 5400
    mappings = resources(text, "AWS::Lambda::EventSourceMapping")
    assert set(mappings) == {"OnQueueMessages", "OnRecordKinesisRecords", "OnRowDynamodbRecords"}
    for mapping in mappings.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_a_template_refers_to_is_there(make: MakeProject) -> None:
    text = files_for("aws-lambda", make(EVERYTHING))["template.yaml"]
    (template,) = documents(text)
    known = template["Resources"].keys() | template["Parameters"].keys() | {"AWS::AccountId"}

    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(names, value))
        if not isinstance(value, dict):
            return set()
        own = {value["Ref"]} if "Ref" in value else set()
        own |= {value["Fn::GetAtt"].partition(".")[0]} if "Fn::GetAtt" in value else set()
        return own.union(*map(names, value.values()))

    assert names(template) <= known
    assert {"OnTopicTopicArn", "OnTimeScheduleExpression"} <= names(template)


def test_a_bucket_tells_of_what_the_function_takes(make: MakeProject) -> None:
    text = files_for("aws-lambda", make(EVERYTHING))["template.yaml"]
    (bucket,) = resources(text, "AWS::S3::Bucket").values()
    calls = bucket["NotificationConfiguration"]["LambdaConfigurations"]
    assert [one["Event"] for one in calls] == ["s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete"]
    rule = resources(text, "AWS::Events::Rule")["OnOrderRule"]
    assert rule["EventPattern"]["detail-type"] == [
        "com.example.order.created",
        {"prefix": "com.example.invoice."},
    ]


def test_azure_sends_on_to_the_paths_that_the_server_has(make: MakeProject) -> None:
    found = files_for("azure", make(EVERYTHING, timeout=70.0))
    host = json.loads(found["host.json"])
    assert host["functionTimeout"] == "00:01:11"
    assert host["extensions"]["http"]["routePrefix"] == ""
    arguments = host["customHandler"]["description"]["arguments"]
    assert set(arguments[::2]) <= {option.flag for option in options().values()}
    (request, response) = json.loads(found["hello/function.json"])["bindings"]
    assert (request["route"], response["type"]) == ("hello/{*rest}", "http")
    alone = json.loads(files_for("azure", make(HELLO))["hello/function.json"])["bindings"]
    assert alone[0]["route"] == "{*rest}"


def test_azure_has_a_trigger_for_each_kind_of_event(make: MakeProject) -> None:
    kinds = {
        "com.microsoft.azure.storage.queue.message": "queueTrigger",
        "com.microsoft.azure.servicebus.message": "serviceBusTrigger",
        "com.microsoft.azure.eventhubs.event": "eventHubTrigger",
        "com.microsoft.azure.storage.blob.changed": "blobTrigger",
        "com.microsoft.azure.functions.timer.fired": "timerTrigger",
        "com.microsoft.azure.cosmosdb.document.changed": "cosmosDBTrigger",
        "com.example.order": "eventGridTrigger",
    }
    code = "import functions_framework\n" + "".join(
        f"@functions_framework.cloud_event(type={kind!r})\ndef on_{number}(event): ...\n"
        for number, kind in enumerate(kinds)
    )
    project = make(code)
    found = files_for("azure", project)
    triggers = []
    for number in range(len(kinds)):
        name = f"on_{number}/function.json"
        check(name, found[name])
        (trigger,) = json.loads(found[name])["bindings"]
        triggers.append(trigger["type"])
    assert triggers == list(kinds.values())
    text = "\n".join(commands_for("azure", project))
    assert {"ON_0_QUEUE=VALUE", "SERVICE_BUS=VALUE", "ON_4_SCHEDULE=VALUE"} <= set(text.split())


def test_the_procfile_starts_what_the_command_line_takes(make: MakeProject) -> None:
    project = make("def greet(data, context): ...", target="greet", signature_type="event")
    assert files_for("procfile", project)["Procfile"] == (
        "web: functions-framework --target greet --signature-type event\n"
    )


def test_the_workflow_checks_what_was_written_and_runs_the_tests(
    make: MakeProject, tmp_path: Path
) -> None:
    project = make(EVERYTHING, platform="kubernetes", image="registry.example/shop:1")
    for name, text in files_for("kubernetes", project).items():
        (tmp_path / "shop" / name).write_text(text)
    (tmp_path / "shop" / "test_main.py").write_text("")
    (tmp_path / "shop" / "requirements-test.txt").write_text("pytest\n")
    workflow = yaml.safe_load(files_for("github", make(EVERYTHING, platform="github")).popitem()[1])
    job = workflow["jobs"]["test"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [
        "pip install -r requirements-test.txt",
        "functions-framework check --strict",
        "functions-framework deploy-files kubernetes --image registry.example/shop:1 --check",
        "pytest",
    ]
    assert job["env"] == {"API_KEY": "${{ secrets.API_KEY }}"}
    assert workflow["permissions"] == {"contents": "read"}


GCLOUD = """#!/bin/sh
printf '%s\\n' "$@" >> "$ARGUMENTS"
"""


def test_the_triggers_of_eventarc_are_what_gcloud_is_called_with(
    make: MakeProject, tmp_path: Path
) -> None:
    code = """
        import functions_framework
        from functions_framework import FirestoreChange, PubSubMessage
        @functions_framework.cloud_event
        def on_message(message: PubSubMessage): ...
        @functions_framework.cloud_event(type="google.cloud.firestore.document.v1.written")
        def on_change(event): ...
        @functions_framework.cloud_event(type=["com.example.a", "com.example.it's"])
        def on_own(event): ...
    """
    project = make(code)
    (tmp_path / "eventarc.sh").write_text(files_for("cloud-run", project)["eventarc.sh"])
    (tmp_path / "gcloud").write_text(GCLOUD)
    (tmp_path / "gcloud").chmod(0o755)
    given = {"REGION": "europe-west1", "ACCOUNT": "a@b", "TOPIC": "orders", "CHANNEL": "own"}
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ARGUMENTS": str(tmp_path / "said")}
    missing = subprocess.run(
        [shutil.which("sh") or "sh", "eventarc.sh"], cwd=tmp_path, env={**environ, **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert missing.returncode != 0
    assert "DOCUMENT: a path, such as users/*" in missing.stderr
    (tmp_path / "said").unlink()
    environ |= {**given, "DOCUMENT": "users/{name}"}
    subprocess.run(["sh", "eventarc.sh"], cwd=tmp_path, env=environ, check=True)
    said = (tmp_path / "said").read_text().split("eventarc\ntriggers\ncreate\n")[1:]
    assert [one.splitlines()[0] for one in said] == [
        "shop-on-message", "shop-on-change", "shop-on-own", "shop-on-own-2",
    ]  # fmt: skip
    assert "--transport-topic\norders\n" in said[0]
    assert "--destination-run-path\n/on_message\n" in said[0]
    assert "type=google.cloud.firestore.document.v1.written\n" in said[1]
    assert "document=users/{name}\n" in said[1]
    assert "type=com.example.it's\n" in said[3]
    assert "--channel\nown\n" in said[3]


def test_func_subscribes_to_what_its_filters_can_say(make: MakeProject) -> None:
    found = yaml.safe_load(files_for("knative-func", make(EVERYTHING))["func.yaml"])
    types = [one["filters"]["type"] for one in found["deploy"]["subscriptions"]]
    assert types == ["com.example.order.created"]
    assert found["run"]["envs"][-1] == {"name": "API_KEY", "value": "{{ secret:shop:API_KEY }}"}
