"""Objects of Amazon S3 that something happened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_plus

import msgspec

from .event_value import EventValue

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class S3Bucket(msgspec.Struct, rename="camel"):
    """The bucket of an object."""

    name: str
    arn: str = ""
    owner_identity: dict[str, str] = {}


class S3Item(msgspec.Struct, rename="camel"):
    """The object; its key is URL-encoded."""

    key: str
    size: int = 0
    e_tag: str = ""
    version_id: str = ""
    sequencer: str = ""


class S3Entity(msgspec.Struct, rename="camel"):
    """What happened to what."""

    bucket: S3Bucket
    object: S3Item
    s3_schema_version: str = ""
    configuration_id: str = ""


class S3Record(msgspec.Struct, rename="camel"):
    """A record of a notification (S3 user guide, "Event message structure")."""

    s3: S3Entity
    event_version: str = ""
    event_source: str = ""
    aws_region: str = ""
    event_time: str = ""
    event_name: str = ""
    user_identity: dict[str, Any] = {}
    request_parameters: dict[str, Any] = {}
    response_elements: dict[str, Any] = {}
    glacier_event_data: dict[str, Any] = {}


class S3Object(EventValue, frozen=True, kw_only=True):
    """An object of a bucket; `event.type` says what happened to it.

    Attributes:
        bucket: the name of its bucket.
        key: its key, decoded: S3 writes a space as `+`.
        size: its length in bytes, 0 where it was deleted.
        etag: its entity tag, empty where it was deleted.
        version_id: its version, empty in a bucket without versions.
        sequencer: hexadecimal, of two events of one key the later has the greater one.
        region: the region of the bucket.
    """

    event_types: ClassVar[tuple[str, ...]] = ("com.amazonaws.s3.*",)

    bucket: str
    key: str
    size: int = 0
    etag: str = ""
    version_id: str = ""
    sequencer: str = ""
    region: str = ""

    @classmethod
    def wire(cls) -> type[Any]:
        """The record."""
        return S3Record

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:  # noqa: ARG003 - as all of them
        """Make the value."""
        item = checked.s3.object
        return cls(
            bucket=checked.s3.bucket.name,
            key=unquote_plus(item.key),
            size=item.size,
            etag=item.e_tag,
            version_id=item.version_id,
            sequencer=item.sequencer,
            region=checked.aws_region,
        )

    @property
    def uri(self) -> str:
        """Its address, `s3://BUCKET/KEY`."""
        return f"s3://{self.bucket}/{self.key}"
