"""The tree of errors the framework raises; nothing here knows how they are shown or sent.

FunctionsFrameworkException
 ├─ InvalidConfigurationException     a setting is wrong                       exit 1
 │   └─ MissingOptionException        no target, and none could be chosen      exit 2
 ├─ MissingSourceException            the source file does not exist           exit 1
 ├─ MissingTargetException            the source has no such function          exit 1
 ├─ InvalidTargetTypeException        the target cannot be called              exit 1
 ├─ InvalidResultException            a function returned what cannot be sent  HTTP 500
 ├─ RequestTimeoutException           a call ran past its deadline             HTTP 504
 ├─ Verdict                           what a function decides about an event   by its sender
 │   ├─ Retry                         it is wanted again
 │   └─ Drop                          it is never wanted again
 └─ RequestRefused                    the request cannot be handed over        HTTP 4xx
     ├─ MalformedRequest              it is not what its type promises         HTTP 400
     │   ├─ InvalidPayload            what a platform sent has no known form   HTTP 400
     │   └─ EventConversionException  an event that has no other form          HTTP 400
     ├─ BodyTooLarge                  it is longer than --max-body-size        HTTP 413
     ├─ BodyTooSlow                   its sender has stopped sending           HTTP 408
     └─ UnsupportedMediaType          its type can never be what is expected   HTTP 415
         └─ BatchOfEvents             it holds several events, each a call     see `hosts.batches`
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


class FunctionsFrameworkException(Exception):  # noqa: N818 - the name is public since 1.0
    """Root of every error the framework raises on purpose.

    Attributes:
        exit_code: what the command exits with when this ends it.
    """

    exit_code: ClassVar[int] = 1


class InvalidConfigurationException(FunctionsFrameworkException):
    """A setting holds something that cannot be used; the text says which, and what would do."""


class MissingOptionException(InvalidConfigurationException):
    """A required setting is absent and could not be derived from the source."""

    exit_code = 2


class InvalidTargetTypeException(FunctionsFrameworkException):
    """The target exists in the source but cannot be called."""


class MissingSourceException(FunctionsFrameworkException):
    """The source file or directory does not exist, or isn't a Python source."""


class MissingTargetException(FunctionsFrameworkException):
    """The source defines nothing under the target's name."""


class InvalidResultException(FunctionsFrameworkException, TypeError):  # noqa: N818 - as its siblings
    """A function returned what cannot be sent; the text says which, what, and what can be.

    Attributes:
        file: where the function is defined, empty where that is unknown.
        line: the line there, from 1.
        function: its name.
    """

    def __init__(self, text: str, file: str = "", line: int = 0, function: str = "") -> None:
        super().__init__(text)
        self.file = file
        self.line = line
        self.function = function


class RequestTimeoutException(FunctionsFrameworkException):
    """Raised inside a function whose call ran past its deadline."""

    http_status: ClassVar[int] = 504


class RequestRefused(FunctionsFrameworkException):
    """The request was at fault: answered with `http_status` and this error's one-line text.

    The text never holds header values or parts of the body: it is sent to the client.
    """

    http_status: ClassVar[int] = 400


class MalformedRequest(RequestRefused):
    """The request is not what its type promises: bad JSON, no id, a body that broke off."""


class InvalidPayload(MalformedRequest):
    """What a platform handed over has no form that the function can be called with."""


class EventConversionException(MalformedRequest):
    """An event cannot be converted to the form the function takes."""


class BodyTooLarge(RequestRefused):
    """The request's body is longer than the server accepts."""

    http_status = 413


class UnsupportedMediaType(RequestRefused):
    """The request's media type can never be what the function takes."""

    http_status = 415


class BatchOfEvents(UnsupportedMediaType):
    """The request holds a list of events where one was asked for; whoever can calls for each.

    Attributes:
        events: each as the text of a CloudEvent in structured mode, not yet checked.
    """

    def __init__(self, events: list[bytes]) -> None:
        super().__init__(
            "Batches of CloudEvents are not accepted. Send each event in a request of its own."
        )
        self.events = events


class BodyTooSlow(RequestRefused):
    """Nothing more of the request's body came for longer than the server waits."""

    http_status = 408


class Verdict(FunctionsFrameworkException):
    """What an event function decides about its event, other than that it is done.

    Attributes:
        reason: why, for the record; it is not sent to anybody.
        outcome: the word for it in records and metrics.
    """

    outcome: ClassVar[str]

    decided_by = "The function"
    """Who decided, for the record."""

    is_recorded = True
    """Whether there is to be a record of it."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Retry(Verdict):
    """Raise it in an event function to have the event sent again.

    Args:
        after: seconds from now at the earliest, for senders that know of such a time.
        reason: why, for the record.

    Raises:
        ValueError: the time is negative or not a number.
    """

    outcome = "retry"

    def __init__(self, after: float | None = None, reason: str = "") -> None:
        is_time = isinstance(after, (int, float)) and 0 <= after < float("inf")
        if after is not None and not is_time:
            raise ValueError(f"Retry(after={after!r}): expected seconds, 0 or more.")
        super().__init__(reason)
        self.after = after


class Drop(Verdict):
    """Raise it in an event function to have the event never sent again: it cannot be handled.

    It goes to the dead letters where its sender has some, and to `on_dropped` in any case.

    Args:
        reason: why, for the record and for `on_dropped`.
    """

    outcome = "dropped"

    is_told = False
    """Whether `on_dropped` has heard of it."""
