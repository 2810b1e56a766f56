"""Records of several threads stay whole where standard error has no buffer (`python -u`)."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import time

import pytest

from functions_framework.logs.handler import FallbackHandler

WORDS = "abcdefgh"
RECORDS = 10
SIZE = 9000
"""More than goes into a pipe in one piece, 4096 (pipe(7))."""


@pytest.mark.parametrize("is_filtered", [False, True])
def test_none_is_torn_by_another(monkeypatch: pytest.MonkeyPatch, *, is_filtered: bool) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(logging.getLogger("long"), "propagate", False)  # pytest has its own
    handler = FallbackHandler(logging.Formatter(), is_record=False)
    if is_filtered:
        handler.addFilter(lambda _record: True)
    stream = io.TextIOWrapper(
        io.FileIO(writing, "w"), encoding="utf-8", write_through=True
    )  # as with -u
    monkeypatch.setattr(sys, "stderr", stream)

    def write(word: str) -> None:
        for _ in range(RECORDS):
            handler.handle(logging.makeLogRecord({"name": "long", "msg": word * SIZE}))

    threads = [threading.Thread(target=write, args=(word,), daemon=True) for word in WORDS]
    for thread in threads:
        thread.start()
    data = b""
    while data.count(b"\n") < len(WORDS) * RECORDS:
        data += os.read(reading, 3000)
        time.sleep(0.0002)  # slower than they write: the pipe gets full
    for thread in threads:
        thread.join()
    stream.close()
    os.close(reading)
    assert sorted(data.decode().split()) == sorted(word * SIZE for word in WORDS * RECORDS)
