"""The example's store in Firestore, against a stand-in for what it uses of the client."""

from __future__ import annotations

import importlib
import sys
from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from docs.pages import ROOT
from functions_framework import IdempotencyEntry, cloud_event, idempotent
from functions_framework.testing import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


class Firestore:
    """Documents in memory; a transaction's writes are done when its function returns.

    Attributes:
        now: the server's time.
    """

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=timezone.utc)
        self.documents: dict[str, dict[str, Any]] = {}

    def collection(self, _: str) -> Firestore:
        return self

    def document(self, key: str) -> Document:
        return Document(self, key)

    def transaction(self) -> Transaction:
        return Transaction()


class Transaction(list[Any]):
    def set(self, document: Document, data: dict[str, Any]) -> None:
        self.append(lambda: document.store.documents.__setitem__(document.key, data))

    def delete(self, document: Document) -> None:
        self.append(lambda: document.store.documents.pop(document.key))


class Document:
    def __init__(self, store: Firestore, key: str) -> None:
        self.store = store
        self.key = key

    def get(self, transaction: Transaction) -> Document:
        assert not transaction, "Firestore reads before it writes"
        return self

    @property
    def read_time(self) -> datetime:
        return self.store.now

    def to_dict(self) -> dict[str, Any] | None:
        return self.store.documents.get(self.key)


def transactional(function: Any) -> Any:
    def run(transaction: Transaction) -> Any:
        result = function(transaction)
        for write in transaction:
            write()
        return result

    return run


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    stand_in: Any = ModuleType("google.cloud.firestore")
    stand_in.Client, stand_in.transactional = Firestore, transactional
    monkeypatch.setitem(sys.modules, "google.cloud.firestore", stand_in)
    monkeypatch.setattr("google.cloud.firestore", stand_in, raising=False)
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "idempotency"))
    yield importlib.import_module("firestore_store")
    del sys.modules["firestore_store"]


def test_the_store_does_what_the_protocol_says(module: Any) -> None:
    client = Firestore()
    store = module.FirestoreStore(client)
    assert store.begin("k", "a", 10) is None
    assert store.begin("k", "b", 10) == IdempotencyEntry(None, 10)
    store.release("k", "b")
    assert store.begin("k", "a", 10) is None
    client.now += timedelta(seconds=11)
    assert store.begin("k", "b", 10) is None
    assert store.finish("k", "a", b"late", 60) is False
    assert store.finish("k", "b", b"answer", 60) is True
    store.release("k", "b")
    assert store.begin("k", "c", 10) == IdempotencyEntry(b"answer", 60)
    client.now += timedelta(seconds=61)
    assert store.begin("k", "c", 10) is None
    store.release("k", "c")
    assert client.documents == {}


def test_a_function_is_called_once_for_an_event(module: Any) -> None:
    calls = []

    @idempotent(store=module.FirestoreStore(Firestore()))
    @cloud_event
    def on_event(event: Any) -> None:
        calls.append(event["id"])

    with Client(on_event) as client:
        event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
        assert [client.send(event).status for _ in range(2)] == [200, 200]
    assert calls == ["1"]
