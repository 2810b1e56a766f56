"""Calls a handler as Lambda does, as often as each line of stdin says; prints seconds of CPU time.

The first line it prints is the CPU time of this process until the first response was there.
"""

import importlib
import json
import sys
import time
from pathlib import Path


class Context:
    """What Lambda tells a handler of an invoke."""

    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

    def get_remaining_time_in_millis(self):
        return 30_000


def main():
    text = Path(sys.argv[2]).read_text(encoding="utf-8")
    handler, context = importlib.import_module(sys.argv[1]).handler, Context()
    reply = handler(json.loads(text), context)
    assert json.loads(reply["body"]) == {"message": "Hello Lambda!"}, reply
    print(time.process_time(), flush=True)
    for line in sys.stdin:
        payloads = [json.loads(text) for _ in range(int(line))]
        before = time.process_time()
        for payload in payloads:
            handler(payload, context)
        print(time.process_time() - before, flush=True)


main()
