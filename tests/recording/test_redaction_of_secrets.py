"""Secrets are found by their names wherever a request or a response may hold them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.recording.json_secrets import REDACTED
from functions_framework.recording.redaction import Redactor, is_readable

pytestmark = pytest.mark.once

R = REDACTED
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization", "Proxy-Authorization", "X-Serverless-Authorization", "Cookie",
        "Set-Cookie", "X-Api-Key", "apikey", "api_key", "X-Goog-Api-Key", "token", "accessToken",
        "refresh_token", "X-CSRF-Token", "password", "newPassword", "user-passwd", "pwd",
        "client_secret", "privateKey", "aws_access_key_id", "credentials", "sessionid",
        "X-Goog-IAP-JWT-Assertion", "tokens", "passphrase",
        "pass", "db_pass", "userPass", "session", "user-session", "otp", "otpCode", "totp", "code",
        "auth_code", "verificationCode", "sig", "X-Amz-Signature", "X-Goog-Signature", "signature",
        "X-Amz-Credential", "X-Amz-Security-Token", "code_verifier", "client_assertion",
        "SAMLResponse", "PHPSESSID", "JSESSIONID", "X-Functions-Key", "AccountKey",
        "user[password]",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert Redactor().is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "key",
        "max_tokens",
        "author",
        "X-Hub-Signature-256",
        "content-type",
        "zip_code",
        "status_code",
        "bypass",
        "passenger",
        "design",
        "config",
        "sessions_per_day",
        "signed_at",
    ],
)
def test_names_of_no_secrets(name: str) -> None:
    assert not Redactor().is_secret(name)
    assert Redactor([name.upper().replace("-", "_")]).is_secret(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "token": "x"}', f'{{"a": 1, "token": "{R}"}}'),
        ('{"password":12345,"b":2}', f'{{"password":"{R}","b":2}}'),
        ('{"secret": {"a": [1, {"b": "}"}]}, "c": 3}', f'{{"secret": "{R}", "c": 3}}'),
        ('[{"u": {"apiKey" : ["k"]}}]', f'[{{"u": {{"apiKey" : "{R}"}}}}]'),
        ('{"pass\\u0077ord": "x"}', f'{{"pass\\u0077ord": "{R}"}}'),
        ('{"token": "a\\"b", "c": 1}', f'{{"token": "{R}", "c": 1}}'),
        ('{"token": null, "has_password": true}', '{"token": null, "has_password": true}'),
        ('{"a": "token", "b": "x"}', '{"a": "token", "b": "x"}'),
        ('["token", "x"]', '["token", "x"]'),
        # Cut off in the middle.
        ('{"token": "abc', f'{{"token": "{R}"'),
        ('{"token": "abc\\', f'{{"token": "{R}"'),
        ('{"secret": {"a": [1, "b', f'{{"secret": "{R}"'),
        ('{"secret": 12', f'{{"secret": "{R}"'),
        # Not alone.
        ('data: {"token": "x"}\n\ndata: 1\n', f'data: {{"token": "{R}"}}\n\ndata: 1\n'),
        ('{"next": "https://a/?token=x&page=2#id_token=y"}',
         f'{{"next": "https://a/?token={R}&page=2#id_token={R}"}}'),
        ("just text: with, punctuation {", "just text: with, punctuation {"),
    ],
)  # fmt: skip
def test_bodies_keep_all_but_the_secrets(text: str, expected: str) -> None:
    assert Redactor().body("b", text.encode(), "application/json").decode() == expected


def test_forms_and_queries() -> None:
    redactor = Redactor(["pin"])
    query = redactor.query("request.query", "a=1&access%5Ftoken=x%20y;PIN=1&b=token&flag&token=")
    assert query == f"a=1&access%5Ftoken={R};PIN={R}&b=token&flag&token={R}"
    assert redactor.body("f", b"user=me&password=x&?token=y", FORM) == (
        f"user=me&password={R}&?token={R}".encode()
    )
    assert list(redactor.places) == [
        "request.query.access_token", "request.query.PIN", "request.query.token",
        "f.password", "f.?token",
    ]  # fmt: skip


def test_multipart_forms_with_binary_files() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nme\r\n'
        b'--b\r\nContent-Disposition: form-data; name="password"\r\nX: y\r\n\r\nhunter2\r\nx\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="token.bin"\r\n\r\n\xff\x00'
        b"\r\n--b--\r\n"
    )
    kept = Redactor().body("b", body, "multipart/form-data; boundary=b")
    assert kept == body.replace(b"hunter2\r\nx", R.encode())


def test_headers() -> None:
    redactor = Redactor()
    pairs = [
        ("authorization", "Bearer x"), ("location", "/next?code=1&token=abc"),
        ("set-cookie", "a=b"), ("link", '<https://a/?api_key=k>; rel="next"'), ("x", "token=1"),
    ]  # fmt: skip
    assert redactor.headers("h", pairs) == (
        ("authorization", R), ("location", f"/next?code={R}&token={R}"),
        ("set-cookie", R), ("link", f'<https://a/?api_key={R}>; rel="next"'), ("x", f"token={R}"),
    )  # fmt: skip
    assert list(redactor.places) == [
        "h.authorization",
        "h.code",
        "h.token",
        "h.set-cookie",
        "h.api_key",
    ]


# Text that is a secret's name makes secrets of its neighbours: pairs have tests of their own.
WORDS = st.text().filter(lambda text: not Redactor().is_secret(text))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("token"), inner),
)


def _redacted(value: Any) -> Any:
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: R
        if Redactor().is_secret(name) and item is not None and not isinstance(item, bool)
        else _redacted(item)
        for name, item in value.items()
    }


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_json_stays_json(value: Any, is_ascii: bool, indent: int | None) -> None:
    # Text with something like a URL in it is another matter.
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent).replace("?", "").replace("&", "")
    text = text.replace("#", "")
    if "\\ud" in text:
        text = "{}"  # half a surrogate pair isn't a character
    kept = Redactor().body("b", text.encode("utf-8", "replace"), "application/json")
    assert json.loads(kept) == _redacted(json.loads(text.encode("utf-8", "replace")))


@given(st.binary(max_size=200), st.sampled_from(["application/json", FORM, "multipart/x", ""]))
def test_any_bytes_are_taken(content: bytes, kind: str) -> None:
    redactor = Redactor()
    kept = redactor.body("b", content, kind)
    assert kept == content or redactor.places


@pytest.mark.parametrize(
    ("kind", "encoding", "readable"),
    [
        ("application/json", "", True), ("text/plain; charset=latin-1", "identity", True),
        ("application/json", "gzip", False), ('text/plain; charset="UTF-16"', "", False),
    ],
)  # fmt: skip
def test_what_cannot_be_searched(kind: str, encoding: str, readable: bool) -> None:
    assert is_readable(kind, encoding) is readable


@pytest.mark.parametrize(
    ("kind", "content", "readable"),
    [
        ("application/json", "{}".encode("utf-16"), False),
        ("application/xml", "<a/>".encode("utf-16-le"), False),
        ("application/xml", "<a/>".encode("utf-16-be"), False),
        ("application/xml", "<a/>".encode("utf-32-be"), False),
        ("application/octet-stream", b"\xff\0\1\0", True),
        ("", "{}".encode("utf-16"), False),
        ("image/png", b"\x89\0\0\0", True),
        ("application/json", b"{}", True),
    ],
)
def test_what_cannot_be_searched_by_its_bytes(kind: str, content: bytes, readable: bool) -> None:
    assert is_readable(kind, "", content) is readable
