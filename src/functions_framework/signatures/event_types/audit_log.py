"""Entries of Cloud Audit Logs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from .event_value import EventValue


class AuditStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How the call ended: 0 is well (google.rpc.Status)."""

    code: int = 0
    message: str = ""
    details: list[Any] = []


class AuditAuthentication(msgspec.Struct, frozen=True, rename="camel"):
    """Who called."""

    principal_email: str = ""
    authority_selector: str = ""
    principal_subject: str = ""


class AuditRequestMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """From where it was called, and with what."""

    caller_ip: str = ""
    caller_supplied_user_agent: str = ""


class AuditPayload(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The call (google.cloud.audit.AuditLog)."""

    service_name: str
    method_name: str
    resource_name: str = ""
    status: AuditStatus = AuditStatus()
    authentication_info: AuditAuthentication = AuditAuthentication()
    request_metadata: AuditRequestMetadata = AuditRequestMetadata()
    authorization_info: list[dict[str, Any]] = []
    num_response_items: int = 0
    request: dict[str, Any] = {}
    response: dict[str, Any] = {}
    service_data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class AuditResource(msgspec.Struct, frozen=True, rename="camel"):
    """What the entry is filed under."""

    type: str = ""
    labels: dict[str, str] = {}


class AuditLog(EventValue, frozen=True, kw_only=True):
    """A call of an API that was logged (google.events.cloud.audit.v1, LogEntryData)."""

    event_types: ClassVar[tuple[str, ...]] = ("google.cloud.audit.log.v1.written",)
    protobuf: ClassVar[str] = "google.events.cloud.audit_v1:LogEntryData"

    proto_payload: AuditPayload
    insert_id: str = ""
    resource: AuditResource = AuditResource()
    timestamp: datetime | None = None
    receive_timestamp: datetime | None = None
    severity: str = ""
    log_name: str = ""
    labels: dict[str, str] = {}
    trace: str = ""
    span_id: str = ""

    @property
    def service(self) -> str:
        """The service that was called, such as `storage.googleapis.com`."""
        return self.proto_payload.service_name

    @property
    def method(self) -> str:
        """The method that was called, such as `storage.objects.create`."""
        return self.proto_payload.method_name

    @property
    def resource_name(self) -> str:
        """What it was called on."""
        return self.proto_payload.resource_name

    @property
    def principal(self) -> str:
        """The address of who called it."""
        return self.proto_payload.authentication_info.principal_email
