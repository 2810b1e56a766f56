"""Forms that async functions read from a real server; what cannot be read is a 400."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.served_source import served

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("python_multipart")
pytestmark = pytest.mark.once

SOURCE = """
import functions_framework
from starlette.exceptions import HTTPException

async def read(request):
    async with request.form(max_fields=3) as form:
        return {name: value if isinstance(value, str) else (await value.read()).decode()
                for name, value in form.items()}

@functions_framework.http(path="/plain")
async def plain(request):
    return await read(request)

@functions_framework.http(path="/caught")
async def caught(request):
    try:
        return await read(request)
    except HTTPException as error:
        return f"{error.status_code}: {error.detail}"
"""
FORM = "multipart/form-data; boundary=X"
ENCODED = "application/x-www-form-urlencoded"
FIELD = b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


def test_a_form_that_cannot_be_read_is_a_400(tmp_path: Path) -> None:
    wrong = [
        ("multipart/form-data", FIELD + b"--X--\r\n", "Missing boundary in multipart."),
        (FORM, b"--Y", ""),
        (FORM, FIELD.replace(b' name="a"', b""), "must be provided."),
        (FORM, FIELD * 4, "Too many fields."),
        (ENCODED, b"a=1&b=2&c=3&d=4", "Too many fields."),
    ]
    with served(tmp_path, SOURCE) as (server, client):
        for media_type, body, said in wrong:
            headers = {"Content-Type": media_type}
            answer = client.post("/plain", content=body, headers=headers)
            assert (answer.status_code, said in answer.text) == (400, True)
            caught = client.post("/caught", content=body, headers=headers)
            assert caught.text == f"400: {answer.text}"
        assert "Traceback" not in server.log


def test_a_form_in_order_is_read(tmp_path: Path) -> None:
    file = FIELD.replace(b'name="a"', b'name="f"; filename="x"').replace(b"1", b"content")
    with served(tmp_path, SOURCE) as (_, client):
        headers = {"Content-Type": FORM}
        answer = client.post("/plain", content=FIELD + file + b"--X--\r\n", headers=headers)
        assert answer.json() == {"a": "1", "f": "content"}
        headers = {"Content-Type": ENCODED}
        assert client.post("/plain", content=b"a=%C3%A9", headers=headers).json() == {"a": "é"}
