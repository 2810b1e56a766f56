"""The host of a source that could not be loaded: every request is answered with why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from functions_framework.api.lifecycle import Lifecycle
from functions_framework.hosts.debug_page import is_local, page
from functions_framework.hosts.wsgi.layer_driver import EnvironHead
from functions_framework.loading.failure import load_failure_text
from functions_framework.model.message import CRASH, TEXT, Reply

from ..hosted import Hosted

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ
    from functions_framework.settings import Settings

_LEAD = "The source could not be loaded. Save it in order, and load this page again."
_PLAIN = Reply(
    500, [TEXT, CRASH], b"The function could not be loaded; what the server printed says why.\n"
)


class BrokenHost:
    """Answers everything with 500.

    Args:
        error: what the load raised.
        is_shown: whether who asks from this machine sees its traceback.
    """

    is_async: Literal[False] = False

    def __init__(self, error: BaseException, *, is_shown: bool) -> None:
        self._error = error
        self._is_shown = is_shown

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        if not self._is_shown or not is_local(EnvironHead(environ)):
            return _PLAIN
        text = load_failure_text(self._error)
        return page(self._error, _LEAD, text, environ.get("HTTP_ACCEPT", ""))


def hosted_failure(error: BaseException, settings: Settings) -> Hosted:
    """What is served instead of a source that could not be loaded."""
    name = settings.target or "the function"
    lifecycle = Lifecycle(readiness_checks=[lambda: (False, "The source could not be loaded.")])
    host = BrokenHost(error, is_shown=settings.debug)
    return Hosted(host, name, [], lifecycle, fault=load_failure_text(error))
