"""Secrets are found in whatever they are wrapped in, and all the rest stays as it was."""

from __future__ import annotations

import base64
import html
import json
import re
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest

from functions_framework.recording.json_secrets import REDACTED
from functions_framework.recording.redaction import Redactor, holds_redacted

if TYPE_CHECKING:
    from collections.abc import Callable

R = REDACTED
S = "hunter2"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
INNER = json.dumps({"user": "me", "token": S})


def _base64(text: str, *, is_for_urls: bool = False) -> str:
    encode = base64.urlsafe_b64encode if is_for_urls else base64.b64encode
    return encode(text.encode()).decode()


B64 = _base64(INNER)


def _seen(text: str) -> str:
    """All that a reader could get out of a text by decoding what is in it."""
    found = text
    for word in [
        text,
        unquote(text),
        *text.split(),
        *text.split('"'),
        *text.split("="),
        *text.split("&"),
    ]:
        bare = unquote(word).rstrip("=")
        found += unquote(word)
        if re.fullmatch(r"[\w+/-]+", bare, re.ASCII) and len(bare) % 4 != 1:
            padded = bare.replace("+", "-").replace("/", "_") + "=" * (-len(bare) % 4)
            found += base64.urlsafe_b64decode(padded).decode("latin-1")
    return found


def _part(disposition: str, content: str, head: str = "") -> str:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n{head}\r\n{content}\r\n"


BODIES = [
    # JSON in a form, a query or a string.
    (FORM, f"payload={quote_plus(INNER)}&a=1"),
    (FORM, f"payload={quote(quote(INNER))}"),
    (FORM, f"next={quote_plus(f'https://a/?token={S}&x=1')}"),
    (FORM, f"data={quote_plus(B64)}"),
    (FORM, f"user%5Bpassword%5D={S}"),
    ("application/json", json.dumps({"body": INNER})),
    ("application/json", json.dumps({"a": json.dumps({"b": INNER})})),
    ("application/json", json.dumps(INNER)),
    ("application/json", json.dumps({"next": f"https://a/?x=1&token={S}"}).replace("&", "\\u0026")),
    ("application/json", json.dumps({"form": f"user=me&password={S}"})),
    # JSON that says it is a form, as curl sends it, and other false media types.
    (FORM, INNER),
    (FORM, json.dumps({"password": f"{S}&a=b;c"})),
    (FORM, f"<password>{S}</password>"),
    (FORM, f"a&{quote_plus(INNER)}"),
    ("text/plain", INNER),
    ("", _part('name="password"', S) + "--b--\r\n"),
    (
        "multipart/mixed; boundary=o",
        "--o\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
        + _part('name="password"', S) + "--b--\r\n\r\n--o--\r\n",
    ),
    # Base64.
    ("application/json", json.dumps({"url": f"data:application/json;base64,{B64}"})),
    ("text/plain", f"got {B64} from it"),
    ("application/json", json.dumps({"message": {"data": B64, "messageId": "1"}})),
    ("application/json", json.dumps({"data": B64.rstrip("=")})),
    ("application/json", json.dumps({"data": _base64(f"?>{INNER}", is_for_urls=True)})),
    ("application/json", json.dumps({"d": _base64(f"password={S}")})),
    ("text/plain", B64),
    # Pairs.
    ("application/json", json.dumps([["Host", "a"], ["Authorization", S]])),
    ("application/json", json.dumps({"h": [["Cookie", [S, S]]]})),
    ("application/json", json.dumps({"rawHeaders": ["Host", "a", "Authorization", S]})),
    ("application/json", json.dumps([{"name": "Authorization", "value": S}])),
    ("application/json", json.dumps([{"value": S, "comment": "", "name": "token"}])),
    ("application/json", json.dumps({"headers": [f"Authorization: Basic {S}"]})),
    # XML.
    ("application/xml", f"<u><password>{S}</password><n>me</n></u>"),
    ("text/xml", f'<s:Env><w:Password Type="t">{S}</w:Password></s:Env>'),
    ("application/xml", f'<add key="ApiKey" value="{S}"/>'),
    ("application/xml", f"<user name='me' password='{S}'/>"),
    ("application/xml", f'<string name="api_key">{S}</string>'),
    ("application/xml", f"<key>password</key>\n<string>{S}</string>"),
    ("application/xml", f"<secret><![CDATA[{S}]]></secret>"),
    ("application/xml", f"<secret><a>{S}</a><secret>x</secret>{S}</secret><b>1</b>"),
    ("application/xml", f"<a><password>{S}"),
    ("text/html", f'<input type="hidden" name="csrf_token" value="{S}">'),
    ("application/json", json.dumps({"soap": f"<Password>{S}</Password>"})),
    # GraphQL, NDJSON, events, YAML, settings, Python.
    ("application/json", json.dumps({"query": f'mutation {{ login(password: "{S}") }}'})),
    ("application/graphql", f'mutation {{ login(input: {{password: "{S}"}}) {{ id }} }}'),
    ("application/graphql", f'{{ login(secret: """{S}""") }}'),
    ("application/json", json.dumps({"query": "q($p: String!)", "variables": {"password": S}})),
    ("application/x-ndjson", f'{{"token": "{S}"}}\n{{"token":"{S}"}}\n'),
    ("text/event-stream", f'event: a\ndata: {{"token": "{S}"}}\n\n'),
    ("application/yaml", f"user: me\npassword: {S}\nlist:\n  - token: {S} {S}\n"),
    ("text/plain", f"USER=me\nDB_PASSWORD={S}\n"),
    ("text/plain", f"[db]\nuser = me\npassword = {S} {S}\n"),
    ("text/html", f'<script>window.apiKey = "{S} {S}";</script>'),
    ("text/html", f'<div data-x="{{&quot;a&quot;:1,&quot;token&quot;:&quot;{S}&quot;}}">'),
    ("text/plain", f'level=info token="{S} {S}" a=1'),
    ("text/plain", f"[INFO] login password={S}"),
    ("text/plain", f"GET / HTTP/1.1\r\nAuthorization: Bearer {S}\r\n\r\n"),
    ("text/plain", f"{{'user': 'me', 'token': '{S} {S}'}}"),
    ("text/plain", f"Server=a;User=b;Password={S};X=1"),
    # URLs.
    ("text/plain", f"see https://me:{S}@a.example/x"),
    ("text/plain", f"see https://{S}@github.com/x.git"),
    ("application/json", json.dumps({"dsn": f"postgres://me:p@{S}@db/x"})),
    ("text/html", f'<a href="https://a/?token={S}">x</a>'),
    ("text/plain", f"https://a/cb#access_token={S}&state=1"),
    ("text/plain", f"https://s3/x?X-Amz-Signature={S}&X-Amz-Credential={S}"),
    # Multipart.
    (MULTIPART, _part("name*=utf-8''password", S) + "--b--\r\n"),
    (MULTIPART, _part("name*=UTF-8'en'pass%77ord", S) + "--b--\r\n"),
    (MULTIPART, _part('name*0="pass"; name*1="word"', S) + "--b--\r\n"),
    (MULTIPART, _part("filename*=utf-8''x; name=password", S) + "--b--\r\n"),
    (MULTIPART, _part('filename="a;b"; name="password"', S) + "--b--\r\n"),
    (MULTIPART, _part('name="pass\\word"', S) + "--b--\r\n"),
    (MULTIPART, _part('name="password"', f"x\r\n--{S}\r\n--bb\r\n{S}") + "--b--\r\n"),
    (MULTIPART, _part('name="password"', S, "Content-Type: text/plain\r\n") + "--b--\r\n"),
    (MULTIPART, _part('name="password"', S).replace("; name", ";\r\n name") + "--b--\r\n"),
    (MULTIPART, _part('name="data"', INNER, "Content-Type: application/json\r\n") + "--b--\r\n"),
    (MULTIPART, _part('name="data"', B64) + "--b--\r\n"),
    (MULTIPART, _part('name="password"', S).removesuffix("2\r\n")),
    ('multipart/form-data; boundary="b"', _part('name="password"', S) + "--b--\r\n"),
    ("multipart/form-data", _part('name="password"', S) + "--b--\r\n"),
    (MULTIPART, (_part('name="password"', S) + "--b--\r\n").replace("\r\n", "\n")),
    # Tokens by their form.
    ("application/json", json.dumps({"x": f"Bearer {S}"})),
    ("application/json", json.dumps({"x": JWT.replace("1234", S)})),
    ("text/plain", f"-----BEGIN PRIVATE KEY-----\n{S}\n-----END PRIVATE KEY-----"),
    ("application/json", json.dumps({"k": f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n"})),
    ("application/json", json.dumps({"x": f"Basic {_base64(f'me:{S}')}"})),
    ("text/plain", f"ghp_{S}{'a' * 30}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), BODIES)
def test_nothing_of_a_secret_is_left(kind: str, body: str) -> None:
    redactor = Redactor()
    kept = redactor.body("b", body.encode(), kind).decode()
    assert S not in _seen(kept), kept
    assert redactor.places
    assert holds_redacted(kept) or R in _seen(kept)
    assert Redactor().body("b", kept.encode(), kind).decode() == kept
    if kind == "application/json":
        json.loads(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Location", f"https://me:{S}@a.example/"),
        ("Location", f"/cb?code={S}&state=1"),
        ("Referer", f"https://a/?x=1&access_token={S}"),
        ("Referer", f"https://a/?next={quote(f'/?token={S}')}"),
        ("X-Custom", f"Bearer {S}"),
        ("X-Forwarded-Uri", f"/a?sig={S}"),
        ("X-User-Info", B64),
        ("X-User", INNER),
        ("X-Amzn-Oidc-Data", JWT.replace("1234", S)),
        ("X-Original-Url", f"https://a/x;jsessionid={S}?y=1"),
        ("Link", f'<https://a/?token={S}>; rel="next"'),
        ("X-Thing", f'a="b", password="{S}"'),
    ],
)
def test_headers_of_any_name(name: str, value: str) -> None:
    ((_, kept),) = Redactor().headers("h", [(name, value)])
    assert S not in _seen(kept), kept


# What something with a secret in it may be wrapped in.
WRAPPERS: list[Callable[[str], str]] = [
    lambda text: json.dumps({"a": 1, "body": text}),
    lambda text: json.dumps(["x", text]) + "\n" + json.dumps({"y": 2}),
    _base64,
    lambda text: f"a=1&payload={quote_plus(text)}&b=2",
    lambda text: quote(text, safe=""),
    lambda text: f"https://b.example/cb?next={quote(text, safe='')}&z=1",
    lambda text: _part('name="f"', text) + "--b--\r\n",
    lambda text: f"<r><![CDATA[{text}]]></r>",
    lambda text: f"<div data-x='{html.escape(text)}'>{html.escape(text)}</div>",
    lambda text: f"2026 INFO got {text} ok",
]
CORES = [
    INNER, f"user=me&password={S}", f"https://a/x?token={S}", f"https://me:{S}@a/", f"Bearer {S}",
    f"<password>{S}</password>", json.dumps([["Authorization", S]]), f"a: 1\npassword: {S}\n",
]  # fmt: skip


def _decoded(text: str) -> str:
    """All that can be got out of a text by decoding what is in it, again and again."""
    found, latest = text, [text]
    for _ in range(5):
        following = [unquote_plus(one) for one in latest] + [html.unescape(one) for one in latest]
        following += [one.replace('\\"', '"').replace("\\\\", "\\") for one in latest]
        for word in {word for one in latest for word in re.findall(r"[\w+/-]{8,}", one, re.ASCII)}:
            if len(word) % 4 != 1:
                padded = word.replace("+", "-").replace("/", "_") + "=" * (-len(word) % 4)
                following.append(base64.urlsafe_b64decode(padded).decode("latin-1"))
        latest = list(dict.fromkeys(following))[:40]
        found += "\n".join(latest)
    return found


@pytest.mark.once
@pytest.mark.parametrize("core", CORES)
def test_nothing_is_left_whatever_it_is_wrapped_in_twice(core: str) -> None:
    for inner, outer in product(WRAPPERS, WRAPPERS):
        text = outer(inner(core))
        kept = Redactor().body("b", text.encode(), "").decode()
        assert S not in _decoded(kept), (text, kept)


@pytest.mark.parametrize("path", [f"/a;jsessionid={S}/b", f"/verify/{JWT.replace('1234', S)}"])
def test_paths(path: str) -> None:
    assert S not in Redactor().path("p", path)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/json", '{"error": {"status": 404, "message": "no: x"}, "list": [1, "a b"]}'),
        ("application/json", '{"query": "query q($p: String!) { me { name } }"}'),
        ("application/json", '{"scopes": ["password", "email"], "next": "https://a.example/?p=2"}'),
        ("application/json", '[["name", "value"], ["a", "b"]]'),
        ("application/json", '{"a": "the bearer of news", "b": "Basic information"}'),
        ("application/json", '{"at": "2026-01-01T00:00:00Z", "mail": "me@a.example"}'),
        ("application/json", '{"data": "aGVsbG8gd29ybGQ=", "n": 1.0e5}'),
        ("text/plain", "https://a.example/@user/x and git@github.com:a/b.git"),
        ("text/html", "<p>Use the &lt;token&gt; here: <b>now</b></p>"),
        ("application/xml", "<a x='1'><name>me</name></a>"),
        (MULTIPART, _part('name="file"; filename="token.bin"', "a\r\n--bb\r\nb") + "--b--\r\n"),
        (FORM, "a=1&b=%7B%22c%22%3A1%7D"),
    ],
)
def test_what_is_not_a_secret_stays(kind: str, text: str) -> None:
    redactor = Redactor()
    assert redactor.body("b", text.encode(), kind).decode() == text
    assert not redactor.places


def test_challenge_is_not_a_secret() -> None:
    pairs = (("www-authenticate", 'Bearer realm="a", error="b"'),)
    assert Redactor().headers("h", pairs) == pairs
