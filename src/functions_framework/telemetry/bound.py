"""An instrument of OpenTelemetry with the attributes it is given again and again.

Given anew, the SDK cleans, copies, sorts and hashes them each time, 68,000 instructions for one
number. Where an instrument and these attributes are counted is found once here, after the SDK
itself has counted a first time; who counts, views and exemplars stay its own. Where it keeps
them elsewhere, or is another, each number goes the public way.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current

try:
    from opentelemetry.sdk.metrics import TraceBasedExemplarFilter
except ImportError:  # the API alone, with instruments of another
    TraceBasedExemplarFilter = None  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.context import Context


class Bound:
    """Takes measurements of an instrument with its attributes.

    Args:
        instrument: a counter or a histogram.
        put: its `add` or its `record`.
        attributes: of each measurement; all are text.
    """

    def __init__(
        self, instrument: Any, put: Callable[..., None], attributes: Mapping[str, str]
    ) -> None:
        self._instrument = instrument
        self._put = put
        self._attributes = attributes
        self._consumer: Any = getattr(instrument, "_measurement_consumer", None)
        self._config = getattr(instrument, "_meter_config", None)
        self._storages: Any = None
        self._found: list[Any] = []
        self._is_by_trace = False

    def __call__(
        self, value: float, context: Context | None = None, *, is_dropped: bool = False
    ) -> None:
        """Take a measurement.

        Args:
            value: not negative, unless the instrument goes down too.
            context: whose it is, None for the current one.
            is_dropped: whether the span of the context is known not to be sampled.
        """
        consumer = self._consumer
        if (
            self._storages is None
            or consumer._reader_storages is not self._storages  # noqa: SLF001 - see the module
            or (self._config is not None and not self._config.is_enabled)
        ):
            self._put(value, self._attributes, context)
            self._storages = None
            if consumer is not None:
                self._find()
            return
        if not context:
            context = get_current()
        now = time.time_ns()
        # The filter that there is by default wants what is in a span that is sampled.
        is_example = not (self._is_by_trace and (is_dropped or not context)) and (
            consumer._sdk_config.exemplar_filter.should_sample(  # noqa: SLF001
                value, now, self._attributes, context
            )
        )
        measurement = _Measurement(value, now, self._instrument, context, self._attributes)
        for aggregation in self._found:
            aggregation.aggregate(measurement, is_example)

    def _find(self) -> None:
        """Find where it was counted: for each reader, and each view of it."""
        try:
            storages = self._consumer._reader_storages  # noqa: SLF001
            wanted = self._consumer._sdk_config.exemplar_filter  # noqa: SLF001
            self._is_by_trace = type(wanted) is TraceBasedExemplarFilter
            self._found = [
                _aggregation(match, self._attributes)
                for storage in storages.values()
                for match in storage._instrument_view_instrument_matches[self._instrument]  # noqa: SLF001
            ]
        except (AttributeError, LookupError):
            self._consumer = None  # another SDK: the public way from now on
            return
        self._storages = storages


def _aggregation(match: Any, attributes: Mapping[str, str]) -> Any:
    """What counts them for a view.

    Raises:
        LookupError: none does, or several.
    """
    if getattr(match, "_reset_on_collect", False):
        # Of deltas, each collection makes another (from 1.45.2): this one's numbers would be lost.
        raise LookupError(attributes)
    keys = match._view._attribute_keys  # noqa: SLF001
    kept = {name: text for name, text in attributes.items() if keys is None or name in keys}
    known = list(match._attributes_aggregation.values())  # noqa: SLF001
    found = [one for one in known if dict(one._attributes or {}) == kept]  # noqa: SLF001
    if len(found) != 1:
        raise LookupError(attributes)
    return found[0]


class _Measurement:
    """What an aggregation reads of the SDK's own class, which cleans its attributes when made."""

    __slots__ = ("attributes", "context", "instrument", "time_unix_nano", "value")

    def __init__(
        self,
        value: float,
        time_unix_nano: int,
        instrument: Any,
        context: Context,
        attributes: Mapping[str, str],
    ) -> None:
        self.value = value
        self.time_unix_nano = time_unix_nano
        self.instrument = instrument
        self.context = context
        self.attributes = attributes
