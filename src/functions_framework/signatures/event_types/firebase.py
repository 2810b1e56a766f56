"""What Firebase tells of: users of Auth, and values of the Realtime Database."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from functions_framework.model.json_merge import merge_patch

from .event_value import EventValue


class AuthMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """When a user was created and last seen."""

    create_time: datetime | None = None
    last_sign_in_time: datetime | None = None


class AuthProvider(msgspec.Struct, frozen=True, rename="camel"):
    """An account of a user's with a sign-in provider."""

    uid: str = ""
    display_name: str = ""
    email: str = ""
    photo_url: str = msgspec.field(default="", name="photoURL")
    provider_id: str = ""


class AuthUser(EventValue, frozen=True, kw_only=True):
    """A user that was created or deleted (google.events.firebase.auth.v1, AuthEventData)."""

    event_types: ClassVar[tuple[str, ...]] = ("google.firebase.auth.user.*",)
    protobuf: ClassVar[str] = "google.events.firebase.auth_v1:AuthEventData"

    uid: str
    email: str = ""
    email_verified: bool = False
    display_name: str = ""
    photo_url: str = msgspec.field(default="", name="photoURL")
    phone_number: str = ""
    disabled: bool = False
    metadata: AuthMetadata = AuthMetadata()
    provider_data: list[AuthProvider] = []
    custom_claims: dict[str, Any] = {}


class DatabaseChange(EventValue, frozen=True, kw_only=True):
    """A change of a value (google.events.firebase.database.v1, ReferenceEventData).

    Attributes:
        data: the value before, None where there was none.
        delta: what was written over it; null removes what it stands for.
    """

    event_types: ClassVar[tuple[str, ...]] = ("google.firebase.database.ref.v1.*",)
    protobuf: ClassVar[str] = "google.events.firebase.database_v1:ReferenceEventData"

    data: Any = None
    delta: Any = None

    @property
    def before(self) -> Any:
        """The value before, None where there was none."""
        return self.data

    @functools.cached_property
    def after(self) -> Any:
        """The value now, None where there is none."""
        merged = merge_patch(self.data, self.delta)
        return None if merged == {} else merged  # the database has no empty objects

    @property
    def ref(self) -> str:
        """The path of the value."""
        return (self.event.subject or "").removeprefix("refs/")

    @property
    def instance(self) -> str:
        """The name of the database."""
        return self.event.source.rpartition("/instances/")[2]
