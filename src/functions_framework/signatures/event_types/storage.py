"""Objects of Cloud Storage that something happened to."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from .event_value import EventValue


class StorageObject(EventValue, frozen=True, kw_only=True):
    """An object of a bucket (google.events.cloud.storage.v1, StorageObjectData).

    Attributes are those of the object's resource; `event.type` says what happened to it.
    """

    event_types: ClassVar[tuple[str, ...]] = ("google.cloud.storage.object.v1.*",)
    protobuf: ClassVar[str] = "google.events.cloud.storage_v1:StorageObjectData"

    bucket: str
    name: str
    generation: int = 0
    metageneration: int = 0
    content_type: str = ""
    size: int = 0
    metadata: dict[str, str] = {}
    time_created: datetime | None = None
    updated: datetime | None = None
    time_deleted: datetime | None = None
    time_storage_class_updated: datetime | None = None
    storage_class: str = ""
    md5_hash: str = ""
    crc32c: str = ""
    etag: str = ""
    id: str = ""
    kind: str = ""
    self_link: str = ""
    media_link: str = ""
    cache_control: str = ""
    content_disposition: str = ""
    content_encoding: str = ""
    content_language: str = ""
    component_count: int = 0
    event_based_hold: bool = False
    temporary_hold: bool = False
    retention_expiration_time: datetime | None = None
    kms_key_name: str = ""

    @property
    def uri(self) -> str:
        """Its address, `gs://BUCKET/NAME`."""
        return f"gs://{self.bucket}/{self.name}"
