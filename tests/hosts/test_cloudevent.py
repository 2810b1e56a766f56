"""CloudEvents over every host: which requests reach a function, and with what."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from support.cloud_event_calls import JSON, REQUIRED, STRUCTURED, ce, every_host, send, taken

HTML = "text/html; charset=utf-8"

# -- 5.1 routes ----------------------------------------------------------------------------------


@every_host
@pytest.mark.parametrize("path", ["/", "/a/b", "/robots.txt", "/favicon.ico", "/static/x"])
def test_post_reaches_the_function_on_every_path(path: str, host: str) -> None:
    answer, event = send(host, {"a": 1}, ce(), path)
    assert (answer.status, answer.body, answer.type) == (200, b"OK", HTML)
    assert event is not None


# Method, target, status and allowed methods; design section 5 has `/` answer health checks.
ROUTES = {
    "GET /": ("GET", "/", 200, ""),
    "HEAD /": ("HEAD", "/", 200, ""),
    "GET /a": ("GET", "/a", 405, "POST"),
    "HEAD /a": ("HEAD", "/a", 405, "POST"),
    "OPTIONS /": ("OPTIONS", "/", 405, "GET, HEAD, POST"),
    "PUT /a": ("PUT", "/a", 405, "POST"),
    "DELETE /a": ("DELETE", "/a", 405, "POST"),
    "FOO /a": ("FOO", "/a", 405, "POST"),
    "GET /robots.txt": ("GET", "/robots.txt", 405, "POST"),
    "GET /static/x": ("GET", "/static/x", 405, "POST"),
}


@every_host
@pytest.mark.parametrize("name", ROUTES)
def test_other_methods_do_not_call_the_function(name: str, host: str) -> None:
    method, target, status, allowed = ROUTES[name]
    answer, event = send(host, {"a": 1}, ce(), target, method)
    assert event is None
    assert answer.status == status
    assert set(answer.headers.get("allow", "").split(", ")) == set(allowed.split(", "))
    if status == 200:
        assert answer.body == b""


# -- 5.3 and 11: attributes ----------------------------------------------------------------------


@every_host
def test_binary_attributes_are_strings_in_lower_case(host: str) -> None:
    headers = {"CE-Id": "E", "Ce-Source": "/s", "cE-tYPE": "t", "ce-specversion": "1.0"}
    more = {"ce-subject": "s", "ce-Number": "5", "Content-Type": "application/json; a=b"}
    event = taken(host, {"a": 1}, headers | more | {"traceparent": "ignored"})
    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": "E",
        "source": "/s",
        "type": "t",
        "subject": "s",
        "number": "5",
        "datacontenttype": "application/json; a=b",
        "time": event["time"],
    }
    assert event.get_data() == {"a": 1}


@every_host
@pytest.mark.parametrize("more", [{}, {"x-other": "1"}, {"ce-zone": "z", "ce-data": "d"}])
@pytest.mark.parametrize("optional", [{}, {"ce-time": "T"}, {"ce-time": "T", "ce-subject": "s"}])
def test_what_every_binary_event_has_comes_first(
    host: str, more: dict[str, str], optional: dict[str, str]
) -> None:
    """As 3.10 has them, in whatever order the headers come."""
    headers = {**more, **optional, **dict(reversed(ce().items()))}
    found = taken(host, {"a": 1}, headers).get_attributes()
    assert list(found)[:4] == ["specversion", "id", "source", "type"]
    sent = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
    sent.pop("data", None)
    assert found == {"time": found["time"], "datacontenttype": "application/json", **sent}


@every_host
def test_structured_attributes_keep_their_json_types(host: str) -> None:
    members = {**REQUIRED, "time": "T", "number": 5, "flag": True, "extensions": {"more": "x"}}
    event = taken(host, members | {"none": None, "data": {"a": 1}}, STRUCTURED)
    assert event.get_attributes() == {
        **REQUIRED,
        "time": "T",
        "number": 5,
        "flag": True,
        "more": "x",
        "none": None,
    }


@every_host
def test_the_object_is_the_sdks_own(host: str) -> None:
    event = taken(host, {"a": 1}, ce(time="T"))
    assert event["id"] == "E"
    assert event.get("nothing", "default") == "default"
    assert "source" in event
    assert set(event) == {"specversion", "id", "source", "type", "time", "datacontenttype"}
    assert event.data == event.get_data() == {"a": 1}
    assert event._get_attributes() == event.get_attributes()
    with pytest.raises(KeyError):
        event["nothing"]
    event["id"] = "other"
    assert event["id"] == "other"


@every_host
@pytest.mark.parametrize("headers", [ce(), STRUCTURED], ids=["binary", "structured"])
def test_time_is_filled_in(headers: dict[str, str], host: str) -> None:
    body = REQUIRED if headers is STRUCTURED else {"a": 1}
    assert taken(host, body, headers)["time"].endswith("+00:00")


@every_host
@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_versions(version: str, host: str) -> None:
    assert taken(host, b"", ce(None, specversion=version))["specversion"] == version


HEADER_VALUES = {
    "specification": ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \u20ac \U0001f600"),
    "quoted": (r'"a \"b\""', 'a "b"'),
    "one round": ("%2541", "%41"),
    "lower-case hex": ("%e2%82%ac", "\u20ac"),
}


@every_host
@pytest.mark.parametrize("name", HEADER_VALUES)
def test_header_values_are_decoded(name: str, host: str) -> None:
    sent, expected = HEADER_VALUES[name]
    assert taken(host, b"", ce(None, subject=sent))["subject"] == expected


# -- 5.3 and 11: data ----------------------------------------------------------------------------

BINARY_DATA: dict[str, tuple[bytes, str | None, Any]] = {
    "empty": (b"", "application/json", None),
    "json": (b'{"a":[1]}', "application/json", {"a": [1]}),
    "suffix": (b"[1]", "application/vnd.x+json; charset=utf-8", [1]),
    "no type, json": (b"1", None, 1),
    "no type, text": (b"hello", None, b"hello"),
    "text": (b"123", "text/plain", b"123"),
    "protobuf": (b"\x0a\xff", "application/protobuf", b"\x0a\xff"),
    "large": (b'"%s"' % (b"x" * 200_000), "application/json", "x" * 200_000),
}


@every_host
@pytest.mark.parametrize("name", BINARY_DATA)
def test_binary_data(name: str, host: str) -> None:
    body, content_type, expected = BINARY_DATA[name]
    assert taken(host, body, ce(content_type)).data == expected


@every_host
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate, gzip", "br"])
def test_compressed_data_is_handed_over_as_it_came(encoding: str, host: str) -> None:
    headers = {**ce("application/json", x="%C3%A9"), "Content-Encoding": encoding}
    body = gzip.compress(b'{"a":1}')
    event = taken(host, body, headers)
    assert (event.data, event["datacontenttype"]) == (body, "application/json")
    assert (event["x"], event["id"]) == ("\u00e9", "E")


@every_host
@pytest.mark.parametrize("version", ["0.3", "1.0"])
def test_data_in_base64_of_older_senders_is_handed_over_as_it_came(version: str, host: str) -> None:
    headers = ce("application/json", specversion=version, datacontentencoding="base64")
    event = taken(host, b"eyJhIjoxfQ==", headers)
    assert (event.data, event["datacontentencoding"]) == (b"eyJhIjoxfQ==", "base64")
    assert taken(host, b'{"a":1}', headers).data == {"a": 1}


@every_host
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({**ce(), "Content-Encoding": "identity"}, b"{"),
        (ce(datacontentencoding="binary"), b"{"),
        ({**ce(), "Content-Encoding": ""}, b"{"),
        ({**ce(id=""), "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        ({**ce(type=None), "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        ({**ce(subject="%ff"), "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        ({**STRUCTURED, "Content-Encoding": "gzip"}, b"\x1f\x8b"),
    ],
)
def test_what_is_wrong_besides_is_refused(headers: Any, body: bytes, host: str) -> None:
    answer, event = send(host, body, headers)
    assert (answer.status, event) == (400, None)


STRUCTURED_DATA: dict[str, tuple[dict[str, Any], Any]] = {
    "absent": ({}, None),
    "null": ({"data": None}, None),
    "empty": ({"data": ""}, None),
    "object": ({"data": {"a": 1}}, {"a": 1}),
    "string of JSON": ({"data": '{"a":1}'}, '{"a":1}'),
    "base64": ({"data_base64": "AP8="}, b"\x00\xff"),
    "base64 of JSON": (
        {"data_base64": "eyJhIjoxfQ==", "datacontenttype": "application/json"},
        {"a": 1},
    ),
    "base64, another type": (
        {"data_base64": "MTIz", "datacontenttype": "text/plain"},
        b"123",
    ),
}


@every_host
@pytest.mark.parametrize("name", STRUCTURED_DATA)
def test_structured_data(name: str, host: str) -> None:
    members, expected = STRUCTURED_DATA[name]
    assert taken(host, {**REQUIRED, **members}, STRUCTURED).data == expected


STRUCTURED_TYPES = {
    "with a charset": "application/cloudevents+json; charset=utf-8",
    "upper case": "Application/CloudEvents+JSON",
    "plain JSON": "application/json",
    "text": "text/plain",
}


@every_host
@pytest.mark.parametrize("name", STRUCTURED_TYPES)
def test_structured_mode_whatever_the_content_type(name: str, host: str) -> None:
    headers = {"Content-Type": STRUCTURED_TYPES[name]}
    assert taken(host, {**REQUIRED, "data": 1}, headers).data == 1


@every_host
def test_the_content_type_beats_a_forbidden_header(host: str) -> None:
    event = taken(host, b"1", ce("text/plain", datacontenttype="application/json"))
    assert (event["datacontenttype"], event.data) == ("text/plain", b"1")


@every_host
def test_with_both_the_body_wins(host: str) -> None:
    headers = ce("application/cloudevents+json", id="header", subject="header")
    event = taken(host, {**REQUIRED, "data": 1}, headers)
    assert (event["id"], event.data, event.get("subject")) == ("E", 1, None)


# -- 5.4 statuses --------------------------------------------------------------------------------


def _without(name: str) -> dict[str, str]:
    return {key: value for key, value in REQUIRED.items() if key != name}


MISSING, INVALID = "MissingRequiredFields", "InvalidRequiredFields"
FAULTS: dict[str, tuple[Any, dict[str, str], int, str]] = {
    **{f"no {n}": (_without(n), STRUCTURED, 400, MISSING) for n in REQUIRED},
    **{f"no ce-{n}": (b"", ce(**{n: None}), 400, MISSING) for n in REQUIRED},
    **{f"null {n}": ({**REQUIRED, n: None}, STRUCTURED, 400, MISSING) for n in REQUIRED},
    "empty id": ({**REQUIRED, "id": ""}, STRUCTURED, 400, INVALID),
    "empty ce-id": (b"", ce(id=""), 400, INVALID),
    "version 1.1": ({**REQUIRED, "specversion": "1.1"}, STRUCTURED, 400, INVALID),
    "version 2.0": (b"", ce(specversion="2.0"), 400, INVALID),
    "missing, text": (_without("id"), {"Content-Type": "text/plain"}, 400, MISSING),
    "malformed": (b"{secret", STRUCTURED, 400, ""),
    "empty": (b"", STRUCTURED, 400, ""),
    "empty, no type": (b"", {}, 400, ""),
    "text": (b"secret", {"Content-Type": "text/plain"}, 400, ""),
    "batch, no list": (REQUIRED, {"Content-Type": "application/cloudevents-batch+json"}, 400, ""),
    "batch, no JSON": (b"[{]", {"Content-Type": "application/cloudevents-batch+json"}, 400, ""),
    "batch, avro": ([REQUIRED], {"Content-Type": "application/cloudevents-batch+avro"}, 415, ""),
    "array": ([REQUIRED], JSON, 400, ""),
    "empty array": ([], JSON, 400, ""),
    "string": ("secret", JSON, 400, ""),
    "not UTF-8": (b'{"id":"\xff"}', STRUCTURED, 400, ""),
    "headers, structured type, garbage": (b"secret", ce(STRUCTURED["Content-Type"]), 400, ""),
    "no event": ({"a": "secret"}, JSON, 400, ""),
    "declared JSON": (b"{secret", ce(), 400, ""),
    "subject not UTF-8": (b"", ce(subject="%C0%A0"), 400, ""),
    "another format": (b"secret", {"Content-Type": "application/cloudevents+avro"}, 415, ""),
    "both": ({**REQUIRED, "data": 1, "data_base64": "AA=="}, STRUCTURED, 400, ""),
    "bad base64": ({**REQUIRED, "data_base64": "!"}, STRUCTURED, 400, ""),
    "unknown event type": ({"eventId": "E", "eventType": "secret"}, JSON, 400, ""),
}


@every_host
@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_the_sender_are_one_line_without_the_request(name: str, host: str) -> None:
    body, headers, status, text = FAULTS[name]
    answer, event = send(host, body, {**headers, "Authorization": "secret"})
    assert event is None
    assert answer.status == status
    assert answer.type == "text/plain; charset=utf-8"
    assert text in answer.body.decode()
    assert answer.body.count(b"\n") == 1
    assert b"secret" not in answer.body
    assert "x-google-status" not in answer.headers
