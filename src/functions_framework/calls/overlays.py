"""Values laid over a process-wide mapping for a while, and taken away in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import MutableMapping

V = TypeVar("V")


class Layers(Generic[V]):
    """What several owners put over one mapping (`os.environ`, `sys.modules`) at the same time.

    The last layer that names a key decides its value; when no layer is left that does, the mapping
    has the value it had before. In a layer None takes the key away.

    Args:
        mapping: the mapping that is changed.
    """

    def __init__(self, mapping: MutableMapping[str, V]) -> None:
        self._mapping = mapping
        self._below: dict[str, V | None] = {}
        self._layers: list[dict[str, V | None]] = []

    def __len__(self) -> int:
        return len(self._layers)

    def put(self, layer: dict[str, V | None]) -> None:
        """Lay a layer over the mapping."""
        for name in layer:
            if name not in self._below:
                self._below[name] = self._mapping.get(name)
        self._layers.append(layer)
        self._settle(layer)

    def take(self, layer: dict[str, V | None]) -> None:
        """Take a layer away; the same object as was put."""
        self._layers = [kept for kept in self._layers if kept is not layer]
        self._settle(layer)

    def adopt(self, layer: dict[str, V | None], name: str, before: V | None = None) -> None:
        """Make the mapping's value the one of a layer that is put.

        Args:
            layer: the layer.
            name: the key; its value may be gone.
            before: what the mapping had before the layer was put, if the layer did not name it.
        """
        if name not in layer:
            self._below.setdefault(name, before)
        layer[name] = self._mapping.get(name)

    def _settle(self, names: dict[str, V | None]) -> None:
        for name in names:
            owner = next((one for one in reversed(self._layers) if name in one), None)
            value = self._below.pop(name, None) if owner is None else owner[name]
            if value is None:
                self._mapping.pop(name, None)
            elif self._mapping.get(name) is not value:
                self._mapping[name] = value
