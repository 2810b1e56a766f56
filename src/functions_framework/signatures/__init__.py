"""What each signature makes of a request, and of a result; pure, and the same on every host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.model.function import Function, Signature

if TYPE_CHECKING:
    from .codec import Codec


def codec_of(function: Function) -> Codec:
    """The codec for a function that takes no plain request.

    Raises:
        FunctionsFrameworkException: a typed function has no usable input type, or the type of
            an event's data cannot be checked, or is asked for of a whole batch.
    """
    if "routes" in function.options:
        return function.options["routes"]  # type: ignore[no-any-return]
    if function.signature is Signature.CLOUDEVENT:
        from .cloud_event import CloudEventSignature

        return _with_data(CloudEventSignature(function), function)
    if function.signature is Signature.EVENT:
        from .event import EventSignature

        return _with_data(EventSignature(), function)
    from .typed import TypedSignature

    return TypedSignature(function.call, function.input_type)


def _with_data(codec: Codec, function: Function) -> Codec:
    """The codec that decodes events or checks their data, where the annotations ask for it."""
    from .event_parameters import event_parameter

    parameter = event_parameter(function)
    if parameter is not None:
        from .decoded_events import DecodedEvents

        codec = DecodedEvents(codec, function, parameter)
        return _of_batches(codec) if "batch" in function.options else codec
    from .event_data import CheckedEvents, event_data

    data = event_data(function.call, function.signature)
    if "batch" in function.options:
        if data is not None:
            from .annotations import fail

            fail(
                function.call,
                "with batch=True it is called with a list of events and nothing else. Leave out "
                "its second parameter, or batch=True.",
            )
        return _of_batches(codec)
    return codec if data is None else CheckedEvents(codec, data)


def _of_batches(codec: Codec) -> Codec:
    from .event_batches import WholeBatches

    return WholeBatches(codec)
