"""How background events and CloudEvents of Google's services map to each other, as data.

Source: `docs/mapping.md` of the functions-framework-conformance repository, with the differences
that `docs/compatibility.md` of this one explains; users find the types in `docs/event.md`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .background import PUBSUB_PUBLISH, PUBSUB_SERVICE

PUBSUB = PUBSUB_SERVICE
STORAGE = "storage.googleapis.com"
FIRESTORE = "firestore.googleapis.com"
AUTH = "firebaseauth.googleapis.com"
DATABASE = "firebasedatabase.googleapis.com"
# Two sibling frameworks send this service too; the mapping document has another.
ANALYTICS = "firebase.googleapis.com"
REMOTE_CONFIG = "firebaseremoteconfig.googleapis.com"

PUBSUB_TYPE = "google.cloud.pubsub.topic.v1.messagePublished"
STORAGE_FINALIZED = "google.cloud.storage.object.v1.finalized"
REMOTE_CONFIG_TYPE = "google.firebase.remoteconfig.remoteConfig.v1.updated"
_DATABASE = "providers/google.firebase.database/eventTypes/ref."
_DOCUMENT = "providers/cloud.firestore/eventTypes/document."

# Table A: types that map both ways.
CLOUD_EVENT_TYPES = {
    PUBSUB_PUBLISH: PUBSUB_TYPE,
    "google.storage.object.finalize": STORAGE_FINALIZED,
    "google.storage.object.delete": "google.cloud.storage.object.v1.deleted",
    "google.storage.object.archive": "google.cloud.storage.object.v1.archived",
    "google.storage.object.metadataUpdate": "google.cloud.storage.object.v1.metadataUpdated",
    f"{_DOCUMENT}write": "google.cloud.firestore.document.v1.written",
    f"{_DOCUMENT}create": "google.cloud.firestore.document.v1.created",
    f"{_DOCUMENT}update": "google.cloud.firestore.document.v1.updated",
    f"{_DOCUMENT}delete": "google.cloud.firestore.document.v1.deleted",
    "providers/firebase.auth/eventTypes/user.create": "google.firebase.auth.user.v1.created",
    "providers/firebase.auth/eventTypes/user.delete": "google.firebase.auth.user.v1.deleted",
    "providers/google.firebase.analytics/eventTypes/event.log": (
        "google.firebase.analytics.log.v1.written"
    ),
    f"{_DATABASE}create": "google.firebase.database.ref.v1.created",
    f"{_DATABASE}write": "google.firebase.database.ref.v1.written",
    f"{_DATABASE}update": "google.firebase.database.ref.v1.updated",
    f"{_DATABASE}delete": "google.firebase.database.ref.v1.deleted",
    "providers/firebase.remoteConfig/remoteconfig.update": REMOTE_CONFIG_TYPE,
}
BACKGROUND_TYPES = {new: old for old, new in CLOUD_EVENT_TYPES.items()}

# Table A: older names of the same events, which nothing maps back to.
CLOUD_EVENT_TYPES |= {
    "providers/cloud.pubsub/eventTypes/topic.publish": PUBSUB_TYPE,
    "providers/cloud.storage/eventTypes/object.change": STORAGE_FINALIZED,
}

# Table B: the service of an event whose resource does not name it, by the start of its type.
SERVICES = {
    "providers/cloud.firestore/": FIRESTORE,
    "providers/google.firebase.analytics/": ANALYTICS,
    "providers/firebase.auth/": AUTH,
    "providers/google.firebase.database/": DATABASE,
    "providers/firebase.remoteConfig/": REMOTE_CONFIG,
    "providers/cloud.pubsub/": PUBSUB,
    "providers/cloud.storage/": STORAGE,
    "google.pubsub": PUBSUB,
    "google.storage": STORAGE,
}


class Split(NamedTuple):
    """How a service's resource name falls into the tail of a source and a subject.

    Attributes:
        pattern: groups `source` and `subject`; the whole name must match.
        shape: the pattern for people.
    """

    pattern: re.Pattern[str]
    shape: str


# Table C; the names of services not listed are not split.
SPLITS = {
    STORAGE: Split(
        # The generation that old events append isn't a part of the object's name.
        re.compile(
            r"(?P<source>projects/[^/]+/buckets/[^/]+)/(?P<subject>objects/.+?)(?:#\d+)?", re.DOTALL
        ),
        "projects/_/buckets/BUCKET/objects/NAME",
    ),
    FIRESTORE: Split(
        re.compile(
            r"(?P<source>projects/[^/]+/databases/[^/]+)/(?P<subject>documents/.+)", re.DOTALL
        ),
        "projects/PROJECT/databases/DATABASE/documents/PATH",
    ),
    DATABASE: Split(
        re.compile(r"(?P<source>projects/[^/]+/instances/[^/]+)/(?P<subject>refs/.*)", re.DOTALL),
        "projects/_/instances/INSTANCE/refs/PATH",
    ),
    ANALYTICS: Split(
        re.compile(r"(?P<source>projects/[^/]+)/(?P<subject>events/[^/]+)"),
        "projects/PROJECT/events/EVENT",
    ),
}

# Firebase Auth: names inside `metadata`, background event to CloudEvent.
AUTH_METADATA = {"createdAt": "createTime", "lastSignedInAt": "lastSignInTime"}
AUTH_METADATA_BACK = {new: old for old, new in AUTH_METADATA.items()}

# Realtime Database: the domain that says no location, and the location it means.
DATABASE_DEFAULT_DOMAIN = "firebaseio.com"
DATABASE_DEFAULT_LOCATION = "us-central1"
