"""Responses as API Gateway, function URLs and load balancers take them from Lambda.

A body is text where it is of a type of text, or of none, in no encoding of its own, and UTF-8; any
other goes in base64. A REST API sends what is base64 as bytes only for the types of its
`binaryMediaTypes`.

======  ===============================================  =======================================
shape   repeated fields                                  besides
======  ===============================================  =======================================
1.0     `multiValueHeaders`                              `headers` for the others
2.0     joined by commas; `Set-Cookie` in `cookies`
ALB     `multiValueHeaders` for all of them, where the   `statusDescription`
        request had it; else `Set-Cookie` in names that
        differ by case, the others joined by commas
======  ===============================================  =======================================

Sources: API Gateway developer guide, "Lambda proxy integrations", output format; Lambda developer
guide, "Invoking function URLs"; Application Load Balancers, "Lambda functions as targets".
"""

from __future__ import annotations

import re
from base64 import b64encode
from http import HTTPStatus
from itertools import product
from typing import TYPE_CHECKING, Any

from .shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.calls.answers import Answer
    from functions_framework.model.message import Headers

Payload = dict[str, Any]

_COOKIE = "set-cookie"
_TEXTUAL = re.compile(
    r"text/.*|.*[/+](json|xml|yaml|javascript|ecmascript|x-www-form-urlencoded|graphql|x-ndjson"
    r"|jsonlines?|vnd\.oai\.openapi|problem|sql|toml)",
    re.IGNORECASE,
).fullmatch
_textual: dict[str, bool] = {}
_MOST_TYPES = 1000


def reply_of(answer: Answer, shape: Shape, payload: Payload) -> Payload:
    """What Lambda is given for a response.

    Args:
        answer: the response.
        shape: of the request, one of HTTP.
        payload: the request.
    """
    is_text, body = _body(answer)
    return {
        "statusCode": answer.status,
        **_WRITERS[shape](answer, answer.headers, payload),
        "body": body,
        "isBase64Encoded": not is_text,
    }


def _of_http_1(_answer: Answer, fields: Headers, _payload: Payload) -> Payload:
    single, repeated = _by_name(fields)
    return {"headers": single, "multiValueHeaders": repeated} if repeated else {"headers": single}


def _by_name(fields: Headers) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Fields that came once, and the values of those that came again."""
    single = dict(fields)
    repeated: dict[str, list[str]] = {}
    if len(single) < len(fields):
        names = [name for name, _ in fields]
        for name in {name for name in names if names.count(name) > 1}:
            del single[name]
            repeated[name] = [value for known, value in fields if known == name]
    return single, repeated


def _of_http_2(_answer: Answer, fields: Headers, _payload: Payload) -> Payload:
    single = dict(fields)
    if len(single) == len(fields) and _COOKIE not in single:
        return {"headers": single}
    single, repeated = _by_name([pair for pair in fields if pair[0] != _COOKIE])
    single |= {name: ", ".join(values) for name, values in repeated.items()}
    cookies = [value for name, value in fields if name == _COOKIE]
    return {"headers": single, "cookies": cookies} if cookies else {"headers": single}


def _of_alb(answer: Answer, fields: Headers, payload: Payload) -> Payload:
    described = {"statusDescription": _described(answer.status)}
    if payload.get("multiValueHeaders") is not None:
        several: dict[str, list[str]] = {}
        for name, value in fields:
            several.setdefault(name, []).append(value)
        return {**described, "multiValueHeaders": several}
    single, repeated = _by_name(fields)
    cookies = repeated.pop(_COOKIE, ())
    single |= {name: ", ".join(values) for name, values in repeated.items()}
    single |= dict(zip(_spellings(_COOKIE), cookies, strict=False))
    return {**described, "headers": single}


def _spellings(name: str) -> list[str]:
    """A name in letters of either case; it stands for the same field."""
    letters = product(*({letter, letter.upper()} for letter in name[:10]))
    return sorted("".join(found) for found in letters)


def _described(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


_WRITERS: dict[Shape, Callable[[Answer, Headers, Payload], Payload]] = {
    Shape.HTTP_1: _of_http_1,
    Shape.HTTP_2: _of_http_2,
    Shape.ALB: _of_alb,
}


def _body(answer: Answer) -> tuple[bool, str]:
    """Whether the body is text, and what stands for it."""
    body = answer.body
    if not body:
        return True, ""
    if _is_of_text(answer.headers):
        try:
            return True, body.decode()
        except UnicodeDecodeError:
            pass
    return False, b64encode(body).decode("ascii")


def _is_of_text(fields: Headers) -> bool:
    is_text = True
    for name, value in fields:
        if name == "content-type":
            known = _textual.get(value)
            is_text = _is_textual(value) if known is None else known
        elif name == "content-encoding" and value.strip().lower() != "identity":
            return False
    return is_text


def _is_textual(content_type: str) -> bool:
    kind, _, parameters = content_type.partition(";")
    is_textual = "charset=" in parameters.lower() or _TEXTUAL(kind.strip()) is not None
    if len(_textual) < _MOST_TYPES:
        _textual[content_type] = is_textual
    return is_textual
