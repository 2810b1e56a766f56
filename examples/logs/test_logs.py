"""The records of a real server, as JSON."""

import json
from pathlib import Path

from functions_framework.testing import RunningServer


def test_a_record_has_its_fields_and_the_id_of_its_call() -> None:
    source = Path(__file__).with_name("main.py")
    with RunningServer(source, "order", arguments=["--log-format", "json"]) as server:
        server.get("/", query={"count": "500"}, headers={"Function-Execution-Id": "e1"})
    records = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    (warning,) = [record for record in records if record["severity"] == "WARNING"]
    assert warning["message"] == "a large order"
    assert warning["count"] == 500
    assert warning["logging.googleapis.com/labels"]["execution_id"] == "e1"
