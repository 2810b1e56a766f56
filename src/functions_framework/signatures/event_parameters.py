"""Which of a function's parameters is a decoded event: what `decoded_events` fills in.

=======================================  ======================================================
cloudevent functions                     called with
=======================================  ======================================================
`(message: PubSubMessage)`               the value
`(message: PubSubMessage, event)`        the value and the event
`(event, message: PubSubMessage)`        the event and the value
`(change: FirestoreChange[User])`        a value whose content was checked as well
`(it: PubSubMessage | StorageObject)`    a value of the type that the event is of
`(batch: list[PubSubMessage])`           the values of a batch, with `batch=True`
=======================================  ======================================================

Background functions name one for their data: `(message: PubSubMessage, context)`.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from functions_framework.events.patterns import fits
from functions_framework.model.function import Signature
from functions_framework.runtime.values import NamedTuple

from .annotations import MISSING, fail, parameters, resolve
from .event_types.kinds import names_one, wanted_by

if TYPE_CHECKING:
    import inspect

    from functions_framework.model.function import Function

    from .event_types.kinds import Wanted


class EventParameter(NamedTuple):
    """A parameter that is a decoded event.

    Attributes:
        name: its name.
        is_first: whether it stands before the event, or alone.
        has_event: whether the event (or the context) is an argument too.
        wanted: the types its annotation names.
    """

    name: str
    is_first: bool
    has_event: bool
    wanted: list[Wanted]


def event_parameter(function: Function) -> EventParameter | None:
    """The parameter of an event function that is a decoded event, None if there is none.

    Raises:
        FunctionsFrameworkException: its type cannot be resolved, is none that the decorator's
            `type=` allows, or the other parameters do not go with it.
    """
    if function.signature not in {Signature.CLOUDEVENT, Signature.EVENT}:
        return None
    found = _taken(function)
    types = [_wanted(function, item) for item in found]
    index = next((number for number, wanted in enumerate(types) if wanted), None)
    if index is None:
        return None
    name = found[index].name
    if function.signature is Signature.EVENT and index:
        return None  # the context, whatever is written there
    if len(found) == 2 and not index and function.signature is Signature.CLOUDEVENT:
        _check_second(function, found[1])
    _check_types(function, types[index], name)
    return EventParameter(name, not index, len(found) == 2, types[index])


def event_types_of(function: Function) -> list[str]:
    """The event types that a function takes, none where any will do.

    Raises:
        FunctionsFrameworkException: as `event_parameter`.
    """
    if "routes" in function.options:
        return list(function.options["routes"].types)
    if "types" in function.options:
        return list(function.options["types"])
    parameter = None if function.protocol else event_parameter(function)
    return [one for item in (parameter.wanted if parameter else ()) for one in item.cls.event_types]


def _taken(function: Function) -> list[inspect.Parameter]:
    """The one or two parameters that are filled."""
    found = parameters(function.call)[:2]
    return [
        item
        for number, item in enumerate(found)
        if item.kind is not item.VAR_POSITIONAL and (not number or item.default is MISSING)
    ]


def _wanted(function: Function, item: inspect.Parameter) -> list[Wanted]:
    annotation = item.annotation
    if annotation is MISSING:
        return []
    try:
        annotation = resolve(function.call, annotation)
    except Exception as error:  # noqa: BLE001 - whatever the text of a note does when it is run
        if names_one(str(annotation)):
            fail(
                function.call,
                f"the type {annotation!r} of its parameter {item.name!r} cannot be resolved: "
                f"{error}. Import it in the function's module, outside TYPE_CHECKING.",
                error,
            )
        return []  # a note for readers
    is_list = typing.get_origin(annotation) is list
    found = wanted_by(typing.get_args(annotation)[0] if is_list else annotation)
    if found and is_list != ("batch" in function.options):
        name = found[0].cls.__name__
        fail(
            function.call,
            f"its parameter {item.name!r} is a list of events, which takes batch=True."
            if is_list
            else f"with batch=True its parameter {item.name!r} is a list: list[{name}].",
        )
    return found


def _check_second(function: Function, item: inspect.Parameter) -> None:
    """Refuse a second parameter that is not the event."""
    try:
        annotation: Any = resolve(function.call, item.annotation)
    except Exception:  # noqa: BLE001 - as above
        return  # a note for readers
    if annotation in {MISSING, Any, object} or getattr(annotation, "__name__", "") == "CloudEvent":
        return
    fail(
        function.call,
        f"its second parameter {item.name!r} gets the CloudEvent. The type of what is in an event "
        "stands in brackets, as in PubSubMessage[Order].",
    )


def _check_types(function: Function, wanted: list[Wanted], name: str) -> None:
    known = [one for item in wanted for one in item.cls.event_types]
    for declared in function.options.get("types", ()):
        if not any(fits(declared, one) for one in known):
            names = " | ".join(item.cls.__name__ for item in wanted)
            fail(
                function.call,
                f"its decorator says type={declared!r}, and its parameter {name!r} is made of "
                f"events of {', '.join(known)} only ({names}).",
            )
