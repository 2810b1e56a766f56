"""Every sample decodes in the framework in each of its forms, and its fields change it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

import functions_framework
from functions_framework.events import tables
from functions_framework.events.samples import catalogue, forms
from functions_framework.events.samples.sample import SampleFault
from functions_framework.model.function import Function
from functions_framework.model.json_merge import merge_patch
from functions_framework.model.message import Message
from functions_framework.signatures.cloud_event import CloudEventSignature
from functions_framework.signatures.event import EventSignature
from functions_framework.testing import Client

NAMES = catalogue.names()
SAMPLES = [catalogue.find(name) for name in NAMES]
DATABASE = "projects/my-project/databases/(default)"
CASES = [(sample.name, form) for sample in SAMPLES for form in forms.forms_of(sample)]

FUNCTION = Function(print, "function")


def message_of(name: str, form: str, **given: Any) -> Message:
    request = forms.request_in(form, catalogue.find(name), given)
    headers = {key.lower(): value for key, value in request.headers}
    attributes = {key[3:]: value for key, value in headers.items() if key.startswith("ce-")}
    return Message(headers.get("content-type"), attributes, request.body, request.path)


@pytest.mark.parametrize(
    ("name", "form"), [case for case in CASES if case[1] != "push" or case[0] == "pubsub"]
)
def test_each_form_decodes(name: str, form: str) -> None:
    sample = catalogue.find(name)
    (event,) = CloudEventSignature(FUNCTION).decode(message_of(name, form))
    assert (event["type"], event["id"]) == (sample.kind, sample.fields["id"].default)
    data, context = EventSignature().decode(message_of(name, form))
    known = sample.kind in tables.BACKGROUND_TYPES
    assert context.event_type == tables.BACKGROUND_TYPES.get(sample.kind, sample.kind)
    assert isinstance(data, dict) or not known


@pytest.mark.parametrize("name", [name for name, form in CASES if form == "background"])
def test_background_and_cloud_event_are_the_same_event(name: str) -> None:
    (direct,) = CloudEventSignature(FUNCTION).decode(message_of(name, "binary"))
    (converted,) = CloudEventSignature(FUNCTION).decode(message_of(name, "background"))
    for attribute in ("id", "source", "type", "time", "specversion"):
        assert converted[attribute] == direct[attribute]
    assert converted.get("subject") == direct.get("subject")
    expected = dict(direct.data)
    expected.pop("subscription", None)
    assert converted.data == expected


@functions_framework.http
def echo(request: Any) -> Any:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return {"body": request.get_json(), "headers": headers}


@pytest.mark.parametrize("name", [name for name, form in CASES if form == "push"])
def test_each_webhook_reaches_an_http_function(name: str) -> None:
    request = forms.request_in("push", catalogue.find(name), {})
    got = Client(echo).post(request.path, data=request.body, headers=request.headers).json
    assert got["body"] == json.loads(request.body)
    assert request.headers[0][0] in got["headers"]


def test_all_services_are_there() -> None:
    wanted = {
        "pubsub", "storage", "storage-deleted", "storage-archived", "storage-metadata-updated",
        "firestore", "auth", "database", "analytics", "remote-config", "scheduler", "audit-log",
        "eventarc", "kafka", "github", "stripe", "cloudevent",
    }  # fmt: skip
    assert wanted <= set(NAMES)
    converted = {sample.kind for sample in SAMPLES} & set(tables.BACKGROUND_TYPES)
    assert converted == set(tables.BACKGROUND_TYPES), "one sample for each type that is converted"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_sample_describes_itself(sample: Any) -> None:
    assert sample.title
    assert sample.sent_as in {"binary", "push"}
    assert sample.sources
    assert all(source.startswith("https://") for source in sample.sources)
    for field in sample.fields.values():
        assert field.description.endswith(".")
        assert field.check(field.default) == field.default


@pytest.mark.parametrize(
    ("name", "given", "path", "value"),
    [
        ("pubsub", {"message": "hi"}, "message.data", base64.b64encode(b"hi").decode()),
        ("pubsub", {"attributes": {"a": "b"}}, "message.attributes", {"a": "b"}),
        ("pubsub", {"ordering_key": "k"}, "message.orderingKey", "k"),
        ("storage", {"bucket": "b", "name": "a/ü"}, "name", "a/ü"),
        ("storage", {"size": 7}, "size", "7"),
        ("storage-metadata-updated", {}, "metageneration", "2"),
        ("firestore", {"document": "a/b"}, "value.name", f"{DATABASE}/documents/a/b"),
        ("database", {}, "data", None),
        ("kafka", {"value": [1]}, "", [1]),
        ("github", {"owner": "me"}, "repository.full_name", "me/octo-repo"),
        ("scheduler", {"body": "x"}, "customData", "eA=="),
        ("cloudevent", {"message": "m"}, "message", "m"),
    ],
)  # fmt: skip
def test_fields_change_the_data(name: str, given: dict[str, Any], path: str, value: Any) -> None:
    found = forms.parts(catalogue.find(name), given).data
    for part in filter(None, path.split(".")):
        found = found[part]
    assert found == value


def test_members_without_a_value_are_left_out() -> None:
    assert "orderingKey" not in forms.parts(catalogue.find("pubsub"), {}).data["message"]
    assert "subject" not in forms.parts(catalogue.find("cloudevent"), {}).attributes
    assert "oldValue" not in forms.parts(catalogue.find("firestore-created"), {}).data


def test_data_replaces_the_data() -> None:
    assert forms.parts(catalogue.find("audit-log"), {}, {"a": 1}).data == {"a": 1}
    assert forms.request_in("push", catalogue.find("stripe"), {}, [1]).body == b"[1]"


def test_signatures_are_those_the_service_makes() -> None:
    github = forms.request_in("push", catalogue.find("github"), {"secret": "s"})
    digest = hmac.new(b"s", github.body, hashlib.sha256).hexdigest()
    assert github.header("X-Hub-Signature-256") == f"sha256={digest}"
    stripe = forms.request_in("push", catalogue.find("stripe"), {"secret": "s", "timestamp": 5})
    digest = hmac.new(b"s", b"5." + stripe.body, hashlib.sha256).hexdigest()
    assert stripe.header("Stripe-Signature") == f"t=5,v1={digest}"


@pytest.mark.parametrize(
    ("name", "form", "given", "text"),
    [
        ("pubsup", "binary", {}, r"no sample 'pubsup'. Did you mean 'pubsub'\?"),
        ("zzz", "binary", {}, "events list"),
        ("stripe", "binary", {}, "no CloudEvent form. It has: push"),
        ("kafka", "background", {}, "no background form. It has: binary, structured"),
        ("storage", "push", {}, "no request of its own. It has: binary, structured, background"),
        ("storage", "binary", {"bucke": "b"}, "no field 'bucke'. It has: bucket, name"),
        ("storage", "binary", {"size": "7"}, "takes a whole number, found '7'"),
        ("storage", "binary", {"bucket": None}, "takes text, found None"),
        ("pubsub", "binary", {"attributes": []}, "takes a JSON object"),
        ("eventarc", "binary", {"status": "DONE"}, "one of PENDING, QUEUED"),
        ("cloudevent", "binary", {"type": ""}, "type must be text that is not empty"),
    ],
)
def test_faults(name: str, form: str, given: dict[str, Any], text: str) -> None:
    with pytest.raises(SampleFault, match=text):
        forms.request_in(form, catalogue.find(name), given)


@pytest.mark.parametrize(
    ("name", "field", "text", "value"),
    [
        ("storage", "size", "12", 12),
        ("storage", "name", "12", "12"),
        ("kafka", "value", '{"a": 1}', {"a": 1}),
        ("kafka", "value", "word", "word"),
        ("kafka", "value", "null", None),
        ("pubsub", "attributes", "{}", {}),
    ],
)
def test_command_line_values(name: str, field: str, text: str, value: Any) -> None:
    assert catalogue.find(name).fields[field].read(text) == value


def test_bad_json_names_line_and_column() -> None:
    with pytest.raises(SampleFault, match=r"--attributes is not JSON: .* at line 2, column 5"):
        catalogue.find("pubsub").fields["attributes"].read('{\n"a" 1}')


def test_merge_patch_as_the_rfc_has_it() -> None:
    target = {"a": "b", "c": {"d": "e", "f": "g"}}
    assert merge_patch(target, {"a": "z", "c": {"f": None}}) == {
        "a": "z",
        "c": {"d": "e"},
    }
    assert merge_patch([1], {"a": {"b": None}}) == {"a": {}}
    assert merge_patch({"a": 1}, [2]) == [2]
