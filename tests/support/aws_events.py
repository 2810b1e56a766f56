"""Events of AWS services as Lambda gets them: the data files, and records made for a case."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

FILES = Path(__file__).parents[1] / "data" / "aws" / "events"
NAMES = sorted(path.stem for path in FILES.glob("*.json"))


def payload(name: str) -> Any:
    """One of the files."""
    return json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))


def sqs(*bodies: str, count: str = "1", queue: str = "my-queue", **attributes: str) -> Any:
    """A batch of a queue, a message for each body; attributes become message attributes."""
    first = payload("sqs_fifo" if queue.endswith(".fifo") else "sqs")["Records"][0]
    records = []
    for number, body in enumerate(bodies, 1):
        record = copy.deepcopy(first)
        record |= {"messageId": f"m{number}", "body": body}
        record["eventSourceARN"] = f"arn:aws:sqs:us-east-2:123456789012:{queue}"
        record["attributes"]["ApproximateReceiveCount"] = count
        record["messageAttributes"] = {
            name.replace("__", "-"): {"stringValue": value, "dataType": "String"}
            for name, value in attributes.items()
        }
        records.append(record)
    return {"Records": records}


def kinesis(*contents: bytes) -> Any:
    """A batch of a stream, with the sequence numbers 1, 2, …."""
    first = payload("kinesis")["Records"][0]
    records = []
    for number, content in enumerate(contents, 1):
        record = copy.deepcopy(first)
        record["eventID"] = f"shardId-0:{number}"
        record["kinesis"]["sequenceNumber"] = str(number)
        record["kinesis"]["data"] = base64.b64encode(content).decode()
        records.append(record)
    return {"Records": records}
