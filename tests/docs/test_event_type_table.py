"""The event page lists the types that are converted, all of them and no other."""

from __future__ import annotations

import re

import pytest

from docs.pages import ROOT
from functions_framework.events import background, conversion
from functions_framework.events.tables import BACKGROUND_TYPES, CLOUD_EVENT_TYPES
from functions_framework.exceptions import EventConversionException

TEXT = (ROOT / "docs" / "event.md").read_text(encoding="utf-8")


def test_the_table_is_the_one_in_the_code() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `(google\.[^`]+)` \|$", TEXT, flags=re.MULTILINE)
    assert {new: old for old, new in rows} == BACKGROUND_TYPES
    assert len(rows) == len(BACKGROUND_TYPES)


def test_an_event_without_a_type_of_the_table_is_told_where_the_table_is() -> None:
    event = background.BackgroundEvent("1", "2026-01-01T00:00:00Z", "com.example", "r", {})
    with pytest.raises(EventConversionException, match=r"docs/event\.md lists"):
        conversion.to_cloud_event(event)


def test_the_older_names_are_listed() -> None:
    older = set(CLOUD_EVENT_TYPES) - set(BACKGROUND_TYPES.values())
    assert older
    assert all(f"`{name}`" in TEXT for name in older)
