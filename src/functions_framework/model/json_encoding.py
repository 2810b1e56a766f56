"""Writing JSON as the `json` module does, with one encoder for all values; the same bytes."""

from __future__ import annotations

from json import JSONEncoder, encoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


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
