"""Files and their ranges (RFC 9110, section 14) by the libraries' own means, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.served_source import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

SOURCE = """
import flask
import functions_framework
from starlette.responses import FileResponse

@functions_framework.http
def plain(request):
    return flask.send_file("data.bin", mimetype="application/x-data", conditional=True)

@functions_framework.http
async def waiting(request):
    return FileResponse("data.bin", media_type="application/x-data")
"""
DATA = bytes(range(256)) * 4096
PATHS = ["/plain", "/waiting"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    directory = tmp_path_factory.mktemp("files")
    (directory / "data.bin").write_bytes(DATA)
    with served(directory, SOURCE) as (_, found):
        yield found


@pytest.mark.parametrize("path", PATHS)
def test_the_whole_file(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content == DATA) == (200, True)
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["content-type"] == "application/x-data"
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1048000-", 1048000, len(DATA)),
        ("bytes=-5", len(DATA) - 5, len(DATA)),
        ("bytes=0-99999999", 0, len(DATA)),
    ],
)
def test_a_range(client: httpx.Client, path: str, asked: str, start: int, end: int) -> None:
    answer = client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.content == DATA[start:end]) == (206, True)
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("path", PATHS)
def test_a_range_beyond_the_end(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Range": f"bytes={len(DATA)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize("path", PATHS)
def test_head_says_how_long_it_is(client: httpx.Client, path: str) -> None:
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(DATA))


@pytest.mark.parametrize("path", PATHS)
def test_an_unchanged_file_is_recognised_by_its_tag(client: httpx.Client, path: str) -> None:
    tag = client.get(path).headers["etag"]
    answer = client.get(path, headers={"Range": "bytes=0-3", "If-Range": tag})
    assert (answer.status_code, answer.content) == (206, DATA[:4])
    answer = client.get(path, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (answer.status_code, len(answer.content)) == (200, len(DATA))
