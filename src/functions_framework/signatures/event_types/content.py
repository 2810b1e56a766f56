"""Text and JSON of decoded events whose content is a sender's own."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Generic

import msgspec

from functions_framework.model.json_text import is_json, loads, why_unreadable

from .event_value import EventValue

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from .event_value import Arrived

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class WithContent(EventValue, Generic[T], frozen=True, kw_only=True):
    """A decoded event with bytes in it, `PubSubMessage[Order]` with JSON of a type in these.

    Attributes:
        data: the bytes.
    """

    data: bytes = b""

    @property
    def text(self) -> str:
        """The bytes as text.

        Raises:
            UnicodeDecodeError: they are not UTF-8.
        """
        return self.data.decode()

    @functools.cached_property
    def json(self) -> T:
        """The bytes as JSON; of the type in brackets, where there is one.

        Raises:
            ValueError: they are not JSON.
        """
        try:
            return loads(self.data)  # type: ignore[no-any-return]
        except ValueError as error:
            raise ValueError(f"The data is not JSON: {why_unreadable(error)}.") from error

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`json`, of the bytes."""
        return {"json": ("data", self.data)}


class _Structured(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw()


_data_in = msgspec.json.Decoder(_Structured).decode


def content_of(arrived: Arrived) -> bytes:
    """The data of an event as the bytes it was made of, but for blanks around JSON."""
    message, data = arrived.message, arrived.data
    if message is not None and "type" in message.attributes:
        return message.body  # in binary mode the body is the content as it was produced
    if isinstance(data, bytes):
        return data
    if isinstance(data, str) and not is_json(arrived.attributes.get("datacontenttype")):
        return data.encode()
    written = b"" if message is None else _written_in(message.body)
    if written or data is None:
        return written
    return json.dumps(data, separators=(",", ":")).encode()


def _written_in(event: bytes) -> bytes:
    try:
        return bytes(_data_in(event).data)
    except msgspec.DecodeError:  # what only the standard library reads
        return b""
