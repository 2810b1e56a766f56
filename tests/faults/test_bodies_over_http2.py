"""Bodies as clients of HTTP/2 frame them: END_STREAM and trailers end one, a reset does not."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import pytest

from support.body_readers import never_called
from support.http2_client import Frame, Reset, Trailers, send_stream
from support.served_source import EVENT
from support.server_process import ServerProcess, wait_until

SHAPES: dict[str, tuple[Frame, ...]] = {
    "END_STREAM with the data": (b"he", b"llo"),
    "END_STREAM in an empty frame": (b"hello", b""),
    "empty frames between": (b"he", b"", b"", b"llo"),
    "trailers": (b"hello", Trailers([("x-checksum", "1")])),
    "an empty frame, then trailers": (b"hello", b"", Trailers([("x-checksum", "1")])),
}


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
@pytest.mark.parametrize("shape", SHAPES)
def test_body_of_unknown_length_is_whole_at_its_end(
    reader: ServerProcess, path: str, shape: str
) -> None:
    assert send_stream(reader.port, path, *SHAPES[shape]) == (200, b"5")


@pytest.mark.parametrize("shape", SHAPES)
def test_body_of_declared_length_is_whole_at_its_end(reader: ServerProcess, shape: str) -> None:
    answer = send_stream(reader.port, "/whole", *SHAPES[shape], fields=[("content-length", "5")])
    assert answer == (200, b"5")


@pytest.mark.parametrize("shape", ["END_STREAM in an empty frame", "trailers"])
def test_event_in_such_a_body_reaches_its_function(reader: ServerProcess, shape: str) -> None:
    fields = [*EVENT.items(), ("content-type", "text/plain")]
    assert send_stream(reader.port, "/event", *SHAPES[shape], fields=fields)[0] == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/whole", "/pieces"])
def test_any_method_may_have_a_body(reader: ServerProcess, method: str, path: str) -> None:
    assert send_stream(reader.port, path, b"hello", b"", method=method) == (200, b"5")


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_request_without_a_body_has_none(reader: ServerProcess, method: str) -> None:
    assert send_stream(reader.port, "/whole", method=method) == (200, b"0")


@pytest.mark.parametrize("frames", [(b"hello",), (b"hello", b"")])
def test_body_that_nobody_reads_does_not_delay_the_response(
    reader: ServerProcess, frames: tuple[Frame, ...]
) -> None:
    for method in ("GET", "POST"):
        assert send_stream(reader.port, "/unread", *frames, method=method) == (200, b"unread")


@pytest.mark.parametrize("length", [None, 5000, 500_000])
@pytest.mark.parametrize("path", ["/whole", "/pieces", "/unread"])
def test_stream_that_is_reset_costs_nothing_afterwards(
    reader: ServerProcess, path: str, length: int | None
) -> None:
    mark = secrets.token_hex(8)
    fields = [("content-type", "a/b"), ("ce-mark", mark)]
    fields += [("content-length", str(length))] if length else []
    send_stream(reader.port, path, b"hello", Reset(), fields=fields)
    assert send_stream(reader.port, "/unread", b"") == (200, b"unread")
    wait_until(lambda: _is_idle(reader), "no work is left for the request", 5)
    # What arrived of it is not taken for a body.
    assert never_called(reader, mark)


def _is_idle(reader: ServerProcess) -> bool:
    before = _seconds(reader)
    time.sleep(0.2)  # the span that is measured
    return _seconds(reader) - before < 0.05


def _seconds(reader: ServerProcess) -> float:
    """Processor time of the workers so far."""
    children = Path(f"/proc/{reader.process.pid}/task/{reader.process.pid}/children").read_text()
    stats = [
        Path(f"/proc/{child}/stat").read_text().rpartition(")")[2] for child in children.split()
    ]
    return sum(sum(map(int, stat.split()[11:13])) for stat in stats) / 100
