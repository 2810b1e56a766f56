"""The forms a sample is sent in: a CloudEvent in both modes, a background event, a webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import shlex
from typing import TYPE_CHECKING, Any

from functions_framework.model.function import Signature
from functions_framework.model.json_text import is_json
from functions_framework.model.request import Request

from .. import binding, cloudevents, conversion, tables
from .sample import Sample, SampleFault
from .templates import fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudevents.http import CloudEvent

UNSET: Any = object()


def forms_of(sample: Sample) -> list[str]:
    """The forms a sample has."""
    found = ["binary", "structured"] if sample.event is not None else []
    if sample.kind in tables.BACKGROUND_TYPES:
        found.append("background")
    return found if sample.request is None else [*found, "push"]


def form_for(sample: Sample, signature: Signature) -> str | None:
    """The form in which a function of a signature gets a sample, None where it takes none."""
    if signature is Signature.HTTP:
        return sample.sent_as
    if signature in {Signature.TYPED, Signature.WEBSOCKET} or sample.event is None:
        return None
    if signature is Signature.CLOUDEVENT:
        return sample.sent_as  # webhooks of services that send no CloudEvents, too
    return "background" if "background" in forms_of(sample) else "binary"


def parts(sample: Sample, given: Mapping[str, Any], data: object = UNSET) -> binding.Parts:
    """The attributes and data of a sample's CloudEvent.

    Args:
        sample: the sample.
        given: values of its fields.
        data: the event's data instead of the sample's.

    Raises:
        SampleFault: a field is wrong, or the sample has no CloudEvent.
    """
    if sample.event is None:
        raise _no_form(sample, "CloudEvent form")
    values = sample.filled(given)
    if sample.request is not None and "body" not in values:
        values["body"] = fill(sample.request["body"], values)
    attributes = fill(sample.event["attributes"], values)
    try:
        binding.require(attributes)
    except binding.RequiredAttributeFault as fault:
        raise SampleFault(str(fault)) from None
    own = fill({"data": sample.event["data"]}, values).get("data")
    return binding.Parts(attributes, own if data is UNSET else data)


def cloud_event(sample: Sample, given: Mapping[str, Any], data: object = UNSET) -> CloudEvent:
    """A sample's CloudEvent as the object functions get; arguments and errors as `parts`."""
    return cloudevents.build(parts(sample, given, data))


def background(sample: Sample, given: Mapping[str, Any], data: object = UNSET) -> dict[str, Any]:
    """The JSON object of a sample's background event; arguments and errors as `parts`."""
    if sample.event is None or sample.kind not in tables.BACKGROUND_TYPES:
        raise _no_form(sample, "background form")
    event = conversion.to_background_event(parts(sample, given, data))
    beside = fill(sample.background or {}, sample.filled(given))
    context = {
        "eventId": event.event_id,
        "timestamp": event.timestamp,
        "eventType": event.event_type,
        "resource": event.resource,
    }
    return {"context": context, "data": event.data, **beside}


def pushed(sample: Sample, given: Mapping[str, Any], data: object = UNSET) -> Request:
    """The request the service itself posts, signed where it signs; as `parts`, `data` its body."""
    if sample.request is None:
        raise _no_form(sample, "request of its own")
    values = sample.filled(given)
    body = fill({"body": sample.request["body"]}, values).get("body") if data is UNSET else data
    payload = json.dumps(body, separators=(",", ":"))
    if "signature" in sample.request:
        values["payload"] = payload
        signed = fill(sample.request["signature"], values)
        digest = hmac.new(
            str(signed["secret"]).encode(), str(signed["signed"]).encode(), hashlib.sha256
        )
        values["signature"] = digest.hexdigest()
    headers = fill(sample.request["headers"], values)
    return Request(
        "POST", sample.request["path"], headers=tuple(headers.items()), body=payload.encode()
    )


def invocation(sample: Sample, given: Mapping[str, Any], data: object = UNSET) -> dict[str, Any]:
    """The payload with which AWS Lambda is invoked for a sample; as `parts`."""
    if sample.invocation is None:
        raise _no_form(sample, "form for AWS Lambda")
    own = parts(sample, given, data).data
    filled: dict[str, Any] = fill(sample.invocation, {**sample.filled(given), "data": own})
    return filled


def batch(
    sample: Sample, given: Mapping[str, Any], data: object = UNSET, *, number: int
) -> Request:
    """The request that carries a sample several times as one batch, each with an id of its own.

    Args:
        sample: the sample.
        given: values of its fields.
        data: the events' data instead of the sample's.
        number: how many.

    Raises:
        SampleFault: a field is wrong, or the sample has no CloudEvent.
    """
    events = [cloud_event(sample, given, data) for _ in range(number)]
    for place, event in enumerate(events, 1):
        event["id"] = f"{event['id']}-{place}"
    headers, body = cloudevents.encode_batch(events)
    return Request("POST", headers=tuple(headers), body=body)


def request_in(
    form: str, sample: Sample, given: Mapping[str, Any], data: object = UNSET
) -> Request:
    """The request that carries a sample in one of its forms.

    Raises:
        SampleFault: a field is wrong, or the sample has no such form.
    """
    if form == "push":
        return pushed(sample, given, data)
    if form == "background":
        body = json.dumps(background(sample, given, data), separators=(",", ":")).encode()
        return Request("POST", headers=(("content-type", "application/json"),), body=body)
    event = cloud_event(sample, given, data)
    try:
        encode = cloudevents.encode_binary if form == "binary" else cloudevents.encode_structured
        headers, encoded = encode(event)
    except ValueError as error:
        raise SampleFault(f"The sample {sample.name!r} cannot be sent: {error}") from None
    return Request("POST", headers=tuple(headers), body=encoded)


def curl_of(request: Request, url: str) -> str:
    """The curl command that sends a request, a line a header.

    Args:
        request: what is sent; its body must be text.
        url: scheme, host and port; a path is put before the request's own.

    Raises:
        UnreachableServerError: the URL is none.
    """
    from functions_framework.model.request import split_url

    parts, _ = split_url(url)
    target = request.target_below(parts.path, parts.query)
    lines = [f"curl {shlex.quote(f'{parts.scheme}://{parts.netloc}{target}')}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers]
    if request.body:
        lines.append(f"--data-raw {shlex.quote(request.body.decode())}")
    return " \\\n  ".join(lines)


def pretty(body: bytes, content_type: str | None) -> str:
    """A body for people: JSON indented, other text as it is."""
    if body and content_type and is_json(content_type):
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    return body.decode("utf-8", "replace")


def _no_form(sample: Sample, form: str) -> SampleFault:
    return SampleFault(
        f"The sample {sample.name!r} has no {form}. It has: {', '.join(forms_of(sample))}."
    )
