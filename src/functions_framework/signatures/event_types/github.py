"""Deliveries of GitHub's webhooks."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from functions_framework.events.webhooks import GITHUB_SIGNATURE, GITHUB_TYPES

from .event_value import EventValue

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class WebhookSender(msgspec.Struct, frozen=True):
    """Who caused it."""

    login: str = ""


class WebhookRepository(msgspec.Struct, frozen=True):
    """What it is about."""

    full_name: str = ""


class WebhookPayload(msgspec.Struct):
    """What all deliveries may have."""

    action: str = ""
    repository: WebhookRepository = WebhookRepository()
    sender: WebhookSender = WebhookSender()


class GitHubWebhook(EventValue, rename=None, frozen=True, kw_only=True):
    """A delivery of a webhook; check `is_signed_with` before its content is believed.

    Attributes:
        name: the event's name, such as `push` or `pull_request`.
        action: what happened, such as `opened`; empty where the event knows none.
        repository: `OWNER/NAME`, empty where it is about none.
        sender: the login of who caused it.
        delivery: the id of the delivery.
        payload: all of it.
        signature: the value of its `X-Hub-Signature-256`, empty without one.
        body: the bytes that are signed.
    """

    event_types: ClassVar[tuple[str, ...]] = GITHUB_TYPES

    name: str = ""
    action: str = ""
    repository: str = ""
    sender: str = ""
    delivery: str = ""
    payload: dict[str, Any] = {}
    signature: str = ""
    body: bytes = b""

    @classmethod
    def wire(cls) -> type[Any]:
        """What all deliveries may have."""
        return WebhookPayload

    @classmethod
    def of(cls, checked: WebhookPayload, arrived: Arrived) -> Self:
        """Make the value; the type of the event is its name."""
        kind: str = arrived.attributes["type"]
        start = next(one for one in GITHUB_TYPES if kind.startswith(one[:-1]))
        message = arrived.message
        return cls(
            name=kind[len(start) - 1 :].partition(".")[0],
            action=checked.action,
            repository=checked.repository.full_name,
            sender=checked.sender.login,
            delivery=arrived.attributes["id"],
            payload=arrived.data,
            signature=(message and message.header(GITHUB_SIGNATURE)) or "",
            body=message.body if message else b"",
        )

    def is_signed_with(self, secret: str | bytes) -> bool:
        """Whether the delivery was signed with the webhook's secret, and arrived as it was sent.

        Source: GitHub, "Validating webhook deliveries".
        """
        key = secret.encode() if isinstance(secret, str) else secret
        digest = hmac.new(key, self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"sha256={digest}".encode(), self.signature.encode())
