"""The chain of `examples/knative`, behind a broker that is set up as its YAML files say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.knative_broker import KnativeBroker, Trigger
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "knative"
TRIGGERS = ("price-trigger.yaml", "bill-trigger.yaml")


def load(name: str) -> Any:
    return yaml.safe_load((EXAMPLE / name).read_text(encoding="utf-8"))


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    (container,) = load("orders.yaml")["spec"]["template"]["spec"]["containers"]
    (target,) = [item["value"] for item in container["env"] if item["name"] == "FUNCTION_TARGET"]
    with ServerProcess.start(EXAMPLE / "main.py", target, PYTHONUNBUFFERED="1") as started:
        yield started.ready()


def url_of(destination: Any, server: ServerProcess) -> str:
    """Where an address of the YAML files is in this test."""
    service = load("orders.yaml")
    assert destination["ref"] == {
        "apiVersion": service["apiVersion"],
        "kind": service["kind"],
        "name": service["metadata"]["name"],
    }
    return f"http://127.0.0.1:{server.port}{destination['uri']}"


def broker_before(server: ServerProcess) -> KnativeBroker:
    broker = load("broker.yaml")
    delivery = broker["spec"]["delivery"]
    triggers = []
    for name in TRIGGERS:
        said = load(name)["spec"]
        assert said["broker"] == broker["metadata"]["name"]
        triggers.append(
            Trigger(
                said["filter"]["attributes"]["type"],
                url_of(said["subscriber"], server),
                delivery["retry"],
                dead_letters=url_of(delivery["deadLetterSink"], server),
            )
        )
    return KnativeBroker(*triggers)


def test_an_order_becomes_an_invoice_that_is_billed(server: ServerProcess) -> None:
    with broker_before(server) as broker:
        broker.send("com.example.order.created", {"item": "tea", "count": 3}, "17")
        (invoice,) = broker.replies
    assert (invoice.get("type"), invoice.get("id")) == ("com.example.invoice.created", "invoice-17")
    assert [item.status for item in broker.deliveries] == [200, 200]
    server.wait_for("billed invoice-17: 7.5")


@pytest.mark.parametrize("data", [{"item": "sugar"}, None, 3])
def test_what_is_not_an_order_is_a_dead_letter(server: ServerProcess, data: Any) -> None:
    with broker_before(server) as broker:
        broker.send("com.example.order.created", data, "18")
    assert [item.status for item in broker.deliveries] == [422]
    server.wait_for("given up 18: 422")


def test_what_crashes_is_a_dead_letter_after_the_last_retry(server: ServerProcess) -> None:
    with broker_before(server) as broker:
        broker.send("com.example.invoice.created", {}, "19")
    assert [item.status for item in broker.deliveries] == [500] * 6
    server.wait_for("given up 19: 500")
