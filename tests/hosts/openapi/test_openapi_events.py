"""Event functions in the OpenAPI document: valid, and in agreement with the samples."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import functions_framework
from functions_framework.events.samples import forms
from functions_framework.events.samples.catalogue import find, names_of_types
from functions_framework.hosts.openapi.document import document
from functions_framework.model.function import Function, Signature
from functions_framework.signatures.event_types.kinds import HOMES


def event_function(annotation: Any, name: str = "on_event", **options: Any) -> Function:
    def call(event: Any) -> None: ...

    call.__annotations__ = {"event": annotation, "return": None}
    return Function(call, name, Signature.CLOUDEVENT, options=options)


def schema_of(made: dict[str, Any], path: str = "/") -> dict[str, Any]:
    content = made["paths"][path]["post"]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/cloudevents+json"]["schema"]
    return {**copy.deepcopy(schema), "components": made.get("components", {})}


@pytest.mark.parametrize("name", HOMES)
def test_a_type_is_described_as_its_samples_are(name: str) -> None:
    cls = getattr(functions_framework, name)
    made = document([event_function(cls)])
    OpenAPIV31SpecValidator(json.loads(json.dumps(made))).validate()
    validator = OAS31Validator(schema_of(made))
    samples = [one for one in names_of_types(cls.event_types) if find(one).event]
    assert samples
    for sample in samples:
        event = json.loads(forms.request_in("structured", find(sample), {}).body)
        validator.validate(event)
        assert not validator.is_valid({**event, "type": ""})
    if getattr(functions_framework, name).wire() is not object:  # its data may be anything
        assert not validator.is_valid({**event, "data": 7})


def test_functions_of_one_endpoint_are_one_operation() -> None:
    functions = [
        event_function(
            functions_framework.PubSubMessage,
            "a",
            types=("google.cloud.pubsub.topic.v1.messagePublished",),
        ),
        event_function(CloudEvent, "b", types=("com.example.*", "x")),
        event_function(CloudEvent, "c"),
        event_function(functions_framework.StorageObject, "d"),
    ]
    made = document(functions)
    OpenAPIV31SpecValidator(json.loads(json.dumps(made))).validate()
    assert set(made["paths"]) == {"/", "/d"}
    assert made["paths"]["/"]["post"]["operationId"] == "a_b"
    validator = OAS31Validator(schema_of(made))
    event = {"specversion": "1.0", "id": "1", "source": "/s"}
    assert validator.is_valid({**event, "type": "com.example.order"})
    assert validator.is_valid({**event, "type": "x"})
    assert not validator.is_valid({**event, "type": "com.examples"})
