"""Changes of Firestore's documents, with their fields as plain values."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple

import msgspec

from .content import T
from .event_value import EventValue


class GeoPoint(NamedTuple):
    """A place on earth, in degrees."""

    latitude: float
    longitude: float


class LatLng(msgspec.Struct):
    """A place on earth (google.type.LatLng)."""

    latitude: float = 0.0
    longitude: float = 0.0


class FirestoreArray(msgspec.Struct):
    """The values of an array."""

    values: list[FirestoreValue] = []


class FirestoreMap(msgspec.Struct):
    """The fields of a map."""

    fields: dict[str, FirestoreValue] = {}


class FirestoreValue(
    msgspec.Struct, rename="camel", forbid_unknown_fields=True, repr_omit_defaults=True
):
    """One of these is set, none for null (google.firestore.v1, Value)."""

    null_value: Any = None
    boolean_value: bool | None = None
    integer_value: int | None = None
    double_value: float | None = None
    timestamp_value: datetime | None = None
    string_value: str | None = None
    bytes_value: bytes | None = None
    reference_value: str | None = None
    geo_point_value: LatLng | None = None
    array_value: FirestoreArray | None = None
    map_value: FirestoreMap | None = None


_SCALARS = tuple(
    name
    for name in FirestoreValue.__struct_fields__
    if name not in {"null_value", "geo_point_value"}
)


def _plain(value: FirestoreValue) -> Any:
    for name in _SCALARS:
        found = getattr(value, name)
        if isinstance(found, FirestoreArray):
            return [_plain(item) for item in found.values]
        if isinstance(found, FirestoreMap):
            return {key: _plain(item) for key, item in found.fields.items()}
        if found is not None:
            return found
    place = value.geo_point_value
    return None if place is None else GeoPoint(place.latitude, place.longitude)


class FirestoreDocument(msgspec.Struct, frozen=True, rename="camel", dict=True):
    """A document as it was at a time.

    Attributes:
        name: `projects/P/databases/D/documents/PATH`.
        create_time: when it was created.
        update_time: when it was last changed.
    """

    name: str = ""
    fields: dict[str, FirestoreValue] = {}
    create_time: datetime | None = None
    update_time: datetime | None = None

    @functools.cached_property
    def values(self) -> dict[str, Any]:
        """Its fields: `datetime`, `bytes` and `GeoPoint` beside JSON's types."""
        return {name: _plain(value) for name, value in self.fields.items()}


class UpdateMask(msgspec.Struct, frozen=True, rename="camel"):
    """Which fields were changed."""

    field_paths: list[str] = []


class FirestoreChange(EventValue, Generic[T], frozen=True, kw_only=True):
    """A change of a document (google.events.cloud.firestore.v1, DocumentEventData).

    `FirestoreChange[User]` says what the documents hold: `before` and `after` are `User` or None.

    Attributes:
        value: the document now; without a name where it was deleted.
        old_value: the document before; without a name where it was created.
        update_mask: which fields were changed, where the document was there before and after.
    """

    event_types: ClassVar[tuple[str, ...]] = ("google.cloud.firestore.document.v1.*",)
    protobuf: ClassVar[str] = "google.events.cloud.firestore_v1:DocumentEventData"
    is_sent_as_protobuf: ClassVar[bool] = True

    value: FirestoreDocument = FirestoreDocument()
    old_value: FirestoreDocument = FirestoreDocument()
    update_mask: UpdateMask = UpdateMask()

    @functools.cached_property
    def after(self) -> T | None:
        """The fields of the document now, None where it was deleted."""
        return self.value.values if self.value.name else None  # type: ignore[return-value]

    @functools.cached_property
    def before(self) -> T | None:
        """The fields of the document before, None where it was created."""
        return self.old_value.values if self.old_value.name else None  # type: ignore[return-value]

    @property
    def changed(self) -> list[str]:
        """The paths of the fields that were changed."""
        return self.update_mask.field_paths

    @property
    def name(self) -> str:
        """The document's full name, `projects/P/databases/D/documents/PATH`."""
        return self.value.name or self.old_value.name

    @property
    def path(self) -> str:
        """The document's path, such as `users/ada`."""
        return self.name.partition("/documents/")[2]

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`before` and `after`, where there is such a document."""
        places = {"before": ("oldValue.fields", self.before), "after": ("value.fields", self.after)}
        return {name: pair for name, pair in places.items() if pair[1] is not None}
