"""Writing JSON as the `json` module does, with one encoder for all values; the same bytes."""

from __future__ import annotations

import sys
from functools import cache
from json import JSONEncoder, encoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_VALUES = frozenset({str, int, bool, type(None)})


def json_encoder(
    *,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    allow_nan: bool = True,
    separators: tuple[str, str] = (", ", ": "),
    default: Callable[[Any], Any] | None = None,
) -> Callable[[Any], str]:
    """What encodes a dict or list as `json.dumps` with the same arguments would.

    `JSONEncoder.encode` makes the C encoder anew for each value; here there is one. As calls share
    it, it does not look for circles: what runs too deep is encoded again by one that does.
    """
    plain = JSONEncoder(
        sort_keys=sort_keys,
        ensure_ascii=ensure_ascii,
        allow_nan=allow_nan,
        separators=separators,
        default=default,
    )
    text = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    item, key = separators
    try:
        make = encoder.c_make_encoder  # type: ignore[attr-defined]
        chunks = make(None, plain.default, text, None, key, item, sort_keys, False, allow_nan)  # noqa: FBT003
    except (AttributeError, TypeError):  # another interpreter's json
        return plain.encode

    def encode(value: object) -> str:
        try:
            return "".join(chunks(value, 0))
        except RecursionError:
            return plain.encode(value)

    return encode


def encode_flat(value: dict[Any, Any]) -> bytes | None:
    """A dict as `json.dumps(value, sort_keys=True, separators=(",", ":"))` writes it, or None.

    None where it holds more than ASCII text, whole numbers, truth values and null, and where nobody
    has imported msgspec, which takes a sixth of the time and is not worth importing for this.
    """
    if "msgspec" not in sys.modules:
        return None
    for name, item in value.items():
        if type(name) is not str or type(item) not in _VALUES:
            return None
    try:
        text = _sorted_encoder()(value)
    except (ValueError, OverflowError):  # half a surrogate pair, a number too long
        return None
    # The rest is escaped alike; `tests/model/test_json_encoding.py` compares all characters.
    return text if text.isascii() and b"\x7f" not in text else None


@cache
def _sorted_encoder() -> Callable[[object], bytes]:
    from msgspec.json import Encoder

    return Encoder(order="sorted").encode
