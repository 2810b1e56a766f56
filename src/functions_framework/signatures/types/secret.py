"""The mark of a field whose value must never appear in a response or a document."""

from __future__ import annotations

from typing import Final

import msgspec

# Metadata that msgspec itself carries along: it survives nesting, and shows in schemas.
Secret: Final = msgspec.Meta(extra={"secret": True}, extra_json_schema={"writeOnly": True})
"""Marks a type as secret, `Annotated[str, Secret]`: problem documents name the field only."""


def is_secret_mark(metadata: object) -> bool:
    """Whether one piece of an `Annotated`'s metadata is `Secret`."""
    return isinstance(metadata, msgspec.Meta) and bool((metadata.extra or {}).get("secret"))
