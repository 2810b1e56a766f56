"""Flask's JSON with one encoder for all values, and a faster reader; the same bytes and values."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask.json.provider import DefaultJSONProvider

from functions_framework.model.json_encoding import json_encoder

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

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """See Flask's."""
        return super().loads(s, **kwargs) if kwargs or type(s) is not bytes else self._read(s)

    @cached_property
    def _read(self) -> Callable[[bytes], Any]:
        # Only here: most functions read no JSON, and do without msgspec.
        from functions_framework.model.json_text import loads

        return loads

    def dumps_compact(self, value: object) -> str:
        """A value as JSON without spaces."""
        key = (self.sort_keys, self.ensure_ascii, self.default)
        if key != self._key:
            self._encode = json_encoder(
                sort_keys=self.sort_keys,
                ensure_ascii=self.ensure_ascii,
                separators=(",", ":"),
                default=self.default,
            )
            self._key = key
        return self._encode(value)
