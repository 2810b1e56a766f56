"""The JSON form of records: the names log platforms read, and an encoder that never fails.

Names: Cloud Logging, "Structured logging", special fields. Both log records and lines written to
the standard streams are made of these.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from functions_framework.model.trace import Trace

LABELS = "logging.googleapis.com/labels"
SOURCE = "logging.googleapis.com/sourceLocation"
SPAN = "logging.googleapis.com/spanId"
TRACE = "logging.googleapis.com/trace"
SAMPLED = "logging.googleapis.com/trace_sampled"

_PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "GCP_PROJECT", "GCLOUD_PROJECT")


def project_of_platform() -> str | None:
    """The Google Cloud project this process runs in, None when its environment does not say."""
    return next((os.environ[name] for name in _PROJECT_VARIABLES if os.environ.get(name)), None)


def put_origin(
    fields: dict[str, Any], execution_id: str, trace: Trace, project: str | None
) -> None:
    """Add the call a record comes from.

    The id is merged into labels that are there, and a span overwrites one; a trace that is there
    stays, as it is more exact than the caller's. An empty one is none: google-cloud-logging writes
    it where it finds no request it knows.

    Args:
        fields: the record's fields, changed in place.
        execution_id: the call's id, empty outside a call.
        trace: where the call stands in its caller's trace.
        project: prefixes the trace's id; without one the id stands alone, which the platform's
            agents complete themselves.
    """
    trace_id, span_id, is_sampled = trace
    if execution_id:
        labels = fields.get(LABELS)
        if labels is None:
            fields[LABELS] = {"execution_id": execution_id}
        elif isinstance(labels, dict):
            fields[LABELS] = {**labels, "execution_id": execution_id}
        else:  # not what the field takes, but not ours to lose
            fields[LABELS] = {"labels": safe_text(labels), "execution_id": execution_id}
    if trace_id and fields.get(TRACE, "") == "":
        fields[TRACE] = f"projects/{project}/traces/{trace_id}" if project else trace_id
        if is_sampled is not None:
            fields[SAMPLED] = is_sampled
    if span_id:
        fields[SPAN] = span_id


def object_in(text: str) -> dict[str, Any] | None:
    """The fields of a text that is one JSON object, None for any other text."""
    if text.lstrip()[:1] != "{":
        return None
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        try:  # NaN and halves of surrogate pairs, which json.dumps writes
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def safe_text(value: object) -> str:
    """A value's repr, or its type where even that fails."""
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a log call must not raise what a repr raises
        return f"<{type(value).__name__}: repr raised {type(error).__name__}>"


# JSON may hold these as they are; who splits a log into lines, or shows it, must not meet them.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_encode = msgspec.json.Encoder(enc_hook=safe_text).encode


def encode(fields: dict[str, Any]) -> str:
    """Encode a record as one line of JSON; what JSON cannot hold appears as its repr."""
    try:
        text = _encode(fields).decode()
    except Exception:  # noqa: BLE001 - cyclic values, odd keys, lone surrogates
        return encode_ascii(fields)
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def encode_ascii(fields: dict[str, Any]) -> str:
    """Encode a record in ASCII only, whatever its values and whatever a stream's encoding is."""
    plain = {
        str(name): value if _is_json(value) else safe_text(value) for name, value in fields.items()
    }
    return json.dumps(plain)


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except Exception:  # noqa: BLE001 - whatever it raises, it is not
        return False
    return True
