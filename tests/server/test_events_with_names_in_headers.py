"""Events of Firestore, whose header fields hold the names of documents as they are."""

from __future__ import annotations

import pytest

from support.served_source import Given, Served

NAME = "rooms/Helvétios 中"
START = """
    import sys
    import functions_framework
    from functions_framework import FirestoreChange, PubSubMessage

    def tell(event):
        print("got", event["subject"], event["document"], file=sys.stderr, flush=True)
    """
KINDS = {
    "by annotation": """
    @functions_framework.cloud_event
    def written(event, change: FirestoreChange):
        tell(event)
    """,
    "one of several by annotation": """
    @functions_framework.cloud_event
    def written(event, change: PubSubMessage | FirestoreChange):
        tell(event)
    """,
    "by type": """
    @functions_framework.cloud_event(type="google.cloud.firestore.document.v1.written")
    def written(event):
        tell(event)
    """,
    "beside others": """
    @functions_framework.cloud_event(type="com.example.order")
    def ordered(event):
        pass

    @functions_framework.cloud_event(type=["com.example.chair", "google.cloud.firestore.*"])
    def written(event):
        tell(event)
    """,
    "by Firebase": """
    import types

    def written(event):
        tell(event)

    trigger = {"eventType": "google.cloud.firestore.document.v1.written.withAuthContext"}
    written.__firebase_endpoint__ = types.SimpleNamespace(eventTrigger=trigger)
    """,
    "async": """
    @functions_framework.cloud_event
    async def written(event, change: FirestoreChange):
        tell(event)
    """,
}
TARGETS = {"by Firebase": "written"}
SERVERS = {kind: Given(START + text, target=TARGETS.get(kind)) for kind, text in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_names_arrive(servers: dict[str, Served], kind: str) -> None:
    server = servers[kind].server
    body = b'{"value": {"name": "projects/p/databases/d/documents/rooms/x"}}'
    head = (
        "POST / HTTP/1.1\r\nhost: a\r\nce-specversion: 1.0\r\nce-id: 1\r\n"
        "ce-source: //firestore.googleapis.com/projects/p/databases/d\r\n"
        "ce-type: google.cloud.firestore.document.v1.written\r\n"
        f"ce-subject: documents/{NAME}\r\nce-document: {NAME}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    status, said = server.send(head.encode() + body)
    assert (status, said) == (200, b"OK")
    server.wait_for(f"got documents/{NAME} {NAME}")
