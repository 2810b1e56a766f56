"""A recorded exchange as a value, and its JSON form; nothing here reads or writes files."""

from __future__ import annotations

import base64 as base64_module
import codecs
import json
from dataclasses import asdict, dataclass

import msgspec

from .redaction import Redactor, is_readable

VERSION = 1
LARGEST_BODY = 256 * 1024
"""Bytes that are kept of a body."""


@dataclass(frozen=True, slots=True)
class Body:
    """A recorded body: as text where it is UTF-8, else as base64.

    Attributes:
        size: the bytes it had before anything was redacted; of one that is cut off, those that
            had come by then.
        text: what is kept of it, if that is text.
        base64: what is kept of it, if not.
        is_truncated: whether it was longer than what is kept.
        omitted: why nothing is kept, None where something is.
    """

    size: int
    text: str | None = None
    base64: str | None = None
    is_truncated: bool = False
    omitted: str | None = None

    @property
    def content(self) -> bytes:
        """What is kept.

        Raises:
            ValueError: the base64 is none.
        """
        if self.base64 is not None:
            return base64_module.b64decode(self.base64, validate=True)
        return (self.text or "").encode()


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """What was asked.

    Attributes:
        method: the HTTP method.
        path: the path of the URL, percent-encoded.
        query: the query string without `?`.
        headers: names in lower case and values.
        body: the body.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: Body


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """What was answered.

    Attributes:
        status: the HTTP status code.
        headers: names in lower case and values.
        body: the body; of a stream, what was sent of it.
        is_whole: False when it was a stream that did not come to its end.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: Body
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """One request with its outcome.

    Attributes:
        recording: the version of this form.
        time: when it arrived (RFC 3339, UTC).
        duration_ms: how long it took until the response was complete.
        target: what the server served, as for `--target`.
        signature: how an undecorated function was called.
        function: the function that was called, None where none was.
        request: what was asked.
        response: what was answered, None where the call was ended without a response.
        redacted: where secrets were.
    """

    recording: int
    time: str
    duration_ms: float
    target: str
    signature: str
    function: str | None
    request: RecordedRequest
    response: RecordedResponse | None
    redacted: tuple[str, ...] = ()


class NoRecording(ValueError):  # noqa: N818 - said of a text
    """A text that is not the JSON form of a recording; says what is wrong with it."""


def body_of(where: str, kept: bytes, size: int, content_type: str, redactor: Redactor) -> Body:
    """Make the recorded form of a body.

    Args:
        where: `request.body` or `response.body`.
        kept: its first bytes.
        size: how many it had.
        content_type: its media type, empty for none.
        redactor: takes the secrets out.
    """
    is_truncated = size > len(kept[:LARGEST_BODY])
    content = redactor.body(where, kept[:LARGEST_BODY], content_type)
    return body_as(content, size, is_truncated=is_truncated)


def body_as(content: bytes, size: int, *, is_truncated: bool) -> Body:
    """A body as text where it is text, else as base64; arguments as of `Body`."""
    text = _text(content, is_truncated=is_truncated)
    if text is not None:
        return Body(size, text=text, is_truncated=is_truncated)
    encoded = base64_module.b64encode(content).decode()
    return Body(size, base64=encoded, is_truncated=is_truncated)


def _text(content: bytes, *, is_truncated: bool) -> str | None:
    """The content as text, without a character that was cut in two; None if it is none."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content, final=not is_truncated)
    except UnicodeDecodeError:
        return None


def message_body(
    where: str,
    kept: bytes,
    size: int,
    headers: tuple[tuple[str, str], ...],
    redactor: Redactor,
) -> Body:
    """As `body_of` for a body with these headers; omitted where secrets could not be found."""
    by_name = dict(headers)
    kind, encoding = by_name.get("content-type", ""), by_name.get("content-encoding", "")
    if size and not is_readable(kind, encoding, kept):
        reason = f"secrets cannot be looked for in content-encoding {encoding or 'none'}, {kind}"
        return Body(size, omitted=reason)
    return body_of(where, kept, size, kind, redactor)


def encode(recording: Recording) -> str:
    """Write the JSON form, without what is None."""
    return json.dumps(_without_none(asdict(recording)), indent=2, ensure_ascii=False) + "\n"


def _without_none(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {
        name: _without_none(item)
        for name, item in value.items()
        if item is not None or name in {"function", "response"}
    }


def decode(text: bytes) -> Recording:
    """Read the JSON form.

    Raises:
        NoRecording: it is none.
    """
    try:
        found = msgspec.json.decode(text, type=Recording)
        bodies = [found.request.body, *([found.response.body] if found.response else [])]
        _ = [body.content for body in bodies]
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NoRecording(f"{error}") from None
    if found.recording != VERSION:
        raise NoRecording(f"its form has the version {found.recording}; {VERSION} is known")
    return found
