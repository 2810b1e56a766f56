"""Exceptions that stand for an HTTP status, in the one shape that error handlers know: Werkzeug's.

Handlers are found as Flask finds them, so that a module's handlers do the same on every host.
Imported where Flask is in use or a handler was registered, and nowhere else.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    default_exceptions,
)
from werkzeug.wrappers import Response

from .errors import own_reply, status_of

if TYPE_CHECKING:
    from functions_framework.model.message import Reply


class HTTPForm(HTTPException):
    """An exception of another library or of the framework, with Werkzeug's attributes added.

    It is of its own class too, and brings its own reply.

    Attributes:
        own: the reply it is answered with when no handler takes it.
    """

    own: Reply

    def get_response(self, *_: Any, **__: Any) -> Response:
        """Its own reply, as Werkzeug's response."""
        return Response(self.own.body, self.own.status, self.own.headers)  # type: ignore[arg-type]


@cache
def _form_of(kind: Any, status: int) -> type[HTTPForm]:
    parent = default_exceptions.get(status, HTTPException)
    bases = (kind, HTTPForm) if parent is HTTPException else (kind, HTTPForm, parent)
    return type(kind.__name__, bases, {"code": status})


def as_http_error(error: Exception) -> Exception:
    """The exception as handlers see it: a Werkzeug `HTTPException` if it stands for a status."""
    status, reply = status_of(error), own_reply(error)
    if isinstance(error, HTTPException) or status is None or reply is None:
        return error
    own_class: Any = type(error)
    kind = _form_of(own_class, status)
    form = kind.__new__(kind, *error.args)
    description = getattr(error, "detail", None) or str(error)
    default_exceptions.get(status, HTTPException).__init__(form, description=description)
    form.__dict__.update(error.__dict__, own=reply)
    return form.with_traceback(error.__traceback__)


def as_refused(reply: Reply) -> HTTPException:
    """A 404 or 405 that no exception led to, as handlers see it."""
    if reply.status == 405:
        return MethodNotAllowed(valid_methods=dict(reply.headers)["allow"].split(", "))
    return NotFound()


def as_crash(error: BaseException) -> InternalServerError:
    """An uncaught exception as the handler for 500 sees it: under `original_exception`."""
    return InternalServerError(original_exception=error)


def slot_of(key: type[Exception] | int) -> tuple[int | None, type[Exception]]:
    """Where a handler is kept: under a status, or under None for any; and for which class."""
    if isinstance(key, int):
        return key, default_exceptions[key]
    return (key.code if issubclass(key, HTTPException) else None), key


def slots_of(error: Exception) -> tuple[int | None, ...]:
    """Where an exception's handler is looked for, in this order; see `Flask.errorhandler`."""
    if not isinstance(error, HTTPException):
        return (None,)
    # 500 always has a handler, the framework's own crash reply.
    return (500,) if error.code == 500 else (error.code, None)
