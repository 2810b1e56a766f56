"""Flask's JSON with one encoder for all values; the same bytes."""

from __future__ import annotations

from json import JSONEncoder, encoder
from typing import TYPE_CHECKING, Any

from flask.json.provider import DefaultJSONProvider

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPACT = {"separators": (",", ":")}


class JSONProvider(DefaultJSONProvider):
    """Flask's provider; `jsonify` and plain results need no new encoder for each value."""

    _key: tuple[Any, ...] = ()
    _encode: Callable[[Any], str]

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """See Flask's."""
        return self.dumps_compact(obj) if kwargs == _COMPACT else super().dumps(obj, **kwargs)

    def dumps_compact(self, value: object) -> str:
        """A value as JSON without spaces."""
        key = (self.sort_keys, self.ensure_ascii, self.default)
        if key != self._key:
            self._encode = json_encoder(
                sort_keys=self.sort_keys, ensure_ascii=self.ensure_ascii, default=self.default
            )
            self._key = key
        return self._encode(value)


def json_encoder(
    *, sort_keys: bool, ensure_ascii: bool, default: Callable[[Any], Any]
) -> Callable[[Any], str]:
    """What encodes a dict or list as `json.dumps` would, in compact form.

    `JSONEncoder.encode` makes the C encoder anew for each value; here there is one. As calls share
    it, it does not look for circles: what runs too deep is encoded again by one that does.
    """
    plain = JSONEncoder(
        sort_keys=sort_keys, ensure_ascii=ensure_ascii, default=default, separators=(",", ":")
    )
    text = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    try:
        make = encoder.c_make_encoder  # type: ignore[attr-defined]
        chunks = make(None, default, text, None, ":", ",", sort_keys, False, True)  # noqa: FBT003
    except (AttributeError, TypeError):  # another interpreter's json
        return plain.encode

    def encode(value: object) -> str:
        try:
            return "".join(chunks(value, 0))
        except RecursionError:
            return plain.encode(value)

    return encode
