"""A store of idempotent calls in Firestore: the three methods, each one transaction.

Times are measured by Firestore (`read_time`), so the clocks of the servers do not matter. A time
to live on the field `until` deletes what has expired:
gcloud firestore fields ttls update until --collection-group=idempotent_calls --enable-ttl
"""

from datetime import timedelta
from typing import Any, cast

from functions_framework import IdempotencyEntry
from google.cloud import firestore


class FirestoreStore:
    """Keeps a document for each key; answers have to fit into one, which is 1 MiB."""

    def __init__(self, client: firestore.Client, collection: str = "idempotent_calls") -> None:
        self._client = client
        self._collection = client.collection(collection)

    def begin(self, key: str, token: str, lease: float) -> IdempotencyEntry | None:
        """Take the key where it is free or its entry has expired; else return what holds it."""
        document = self._collection.document(key)

        @firestore.transactional
        def take(transaction: Any) -> IdempotencyEntry | None:
            found = document.get(transaction=transaction)
            now, held = found.read_time, found.to_dict() or {}
            if held and held["until"] > now and held["token"] != token:
                return IdempotencyEntry(held["answer"], (held["until"] - now).total_seconds())
            until = now + timedelta(seconds=lease)
            transaction.set(document, {"token": token, "until": until, "answer": None})
            return None

        return cast("IdempotencyEntry | None", take(self._client.transaction()))

    def finish(self, key: str, token: str, answer: bytes, expires: float) -> bool:
        """Keep the response, unless another call has the key by now."""
        document = self._collection.document(key)

        @firestore.transactional
        def keep(transaction: Any) -> bool:
            found = document.get(transaction=transaction)
            held = found.to_dict()
            if held and held["token"] != token:
                return False
            until = found.read_time + timedelta(seconds=expires)
            transaction.set(document, {"token": token, "until": until, "answer": answer})
            return True

        return bool(keep(self._client.transaction()))

    def release(self, key: str, token: str) -> None:
        """Free the key of a call that failed."""
        document = self._collection.document(key)

        @firestore.transactional
        def free(transaction: Any) -> None:
            held = document.get(transaction=transaction).to_dict()
            if held and held["token"] == token and held["answer"] is None:
                transaction.delete(document)

        free(self._client.transaction())
