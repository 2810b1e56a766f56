"""What the console answers to its own page: the page, samples, calls, what is saved."""

from __future__ import annotations

import json
import secrets
from hmac import compare_digest
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.events.samples import catalogue, forms
from functions_framework.events.samples.sample import SampleFault
from functions_framework.hosts.debug_page import is_local
from functions_framework.hosts.web import page
from functions_framework.model.message import JSON, TEXT, Reply

from .address import PATH
from .described import Shown, describe
from .saving import NotSaved, save_recording, save_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.layers import Head

    from .calls import Calls

EVENTS = f"{PATH}/events"
MOST_SENT = 1 << 20
"""Bytes that the page may send."""

_HERE = Path(__file__).parent
_TOKEN = "x-console-token"  # noqa: S105 - a header's name


class Refused(Exception):  # noqa: N818 - said to who asked
    """The console does not do what was asked.

    Args:
        status: of the response.
        text: why.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status

    @property
    def reply(self) -> Reply:
        """The response that says so."""
        return Reply(self.status, [TEXT, *page.SAFE], f"{self}\n".encode())


class Saved(NamedTuple):
    """Where calls are saved.

    Attributes:
        recordings: the directory of recordings.
        source: the file of the functions, None where it is not known.
    """

    recordings: Path
    source: Path | None


class Replies:
    """Answers the console's page.

    Args:
        shown: what is served.
        calls: the calls.
        saved: where they are saved.
    """

    def __init__(self, shown: Shown, calls: Calls, saved: Saved) -> None:
        self._shown = shown
        self._calls = calls
        self._saved = saved
        self._token = secrets.token_urlsafe(24)
        self._does: dict[str, Callable[[dict[str, Any]], Any]] = {
            "sample": self._sample,
            "recording": self._recording,
            "test": self._test,
            "clear": self._clear,
        }

    def state(self, worker: str) -> dict[str, Any]:
        """What the page is told first; only a page of this server's can read it."""
        return {"worker": worker, "token": self._token, **describe(self._shown)}

    def answer(self, head: Head, body: bytes) -> Reply:
        """Answer a request that `check` let pass."""
        name = head.path.removeprefix(PATH).strip("/")
        try:
            if head.method == "POST":
                return self._done(head, name, body)
            if not name:
                return page.reply_of(_page())
            if name.startswith("calls/"):
                return _json(self._call(name.removeprefix("calls/")).told())
        except Refused as refused:
            return refused.reply
        return Refused(HTTPStatus.NOT_FOUND, "The console has no such page.").reply

    def _done(self, head: Head, name: str, body: bytes) -> Reply:
        if not compare_digest((head.header(_TOKEN) or "").encode(), self._token.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "The token is not the console's. Reload the page.")
        if name not in self._does:
            raise Refused(HTTPStatus.NOT_FOUND, "The console does no such thing.")
        if len(body) > MOST_SENT:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The console takes 1 MB at most.")
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "The console takes a JSON object.")
        return _json(self._does[name](given))

    def _call(self, id: object) -> Any:  # noqa: A002
        call = self._calls.find(str(id))
        if call is None:
            raise Refused(HTTPStatus.NOT_FOUND, "This call is gone: the last 200 are kept.")
        return call

    def _sample(self, given: dict[str, Any]) -> dict[str, Any]:
        """A sample event as a request."""
        try:
            sample = catalogue.find(str(given.get("name")))
            fields = given.get("fields") or {}
            chosen = {
                name: sample.fields[name].read(str(text))
                for name, text in fields.items()
                if name in sample.fields and text != ""
            }
            request = forms.request_in(str(given.get("form")), sample, chosen)
        except SampleFault as fault:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(fault)) from None
        return {
            "method": request.method,
            "headers": request.headers,
            "body": forms.pretty(request.body, request.header("content-type")),
        }

    def _recording(self, given: dict[str, Any]) -> dict[str, str]:
        return self._written(given, lambda call: save_recording(call, self._saved.recordings))

    def _test(self, given: dict[str, Any]) -> dict[str, str]:
        source = self._saved.source
        if source is None:
            raise Refused(HTTPStatus.CONFLICT, "There is no source file that a test could name.")
        return self._written(given, lambda call: save_test(call, source))

    def _written(self, given: dict[str, Any], save: Callable[[Any], Path]) -> dict[str, str]:
        try:
            file = save(self._call(given.get("id")).exchange)
        except NotSaved as error:
            raise Refused(HTTPStatus.CONFLICT, str(error)) from None
        return {"file": str(file), "text": file.read_text(encoding="utf-8")}

    def _clear(self, _: dict[str, Any]) -> dict[str, str]:
        self._calls.clear()
        return {}


def check(head: Head) -> Reply | None:
    """The refusal of who may not see the console, None for who may.

    That is who connects from this machine and names it (see `debug_page.is_local`); no page of
    another site may have its browser ask, but for following a link.
    """
    if not is_local(head):
        return Refused(HTTPStatus.FORBIDDEN, "The console answers this machine only.").reply
    site = head.header("sec-fetch-site") or "none"
    is_link = head.header("sec-fetch-mode") == "navigate" and head.method == "GET"
    if site not in {"none", "same-origin"} and not is_link:
        return Refused(HTTPStatus.FORBIDDEN, "The console answers its own page only.").reply
    if head.method not in {"GET", "HEAD", "POST"}:
        refused = Refused(HTTPStatus.METHOD_NOT_ALLOWED, "The console takes GET and POST.").reply
        return refused._replace(headers=[*refused.headers, ("allow", "GET, HEAD, POST")])
    return None


def _json(value: Any) -> Reply:
    return Reply(200, [JSON, *page.SAFE], json.dumps(value, default=str).encode())


def _page() -> str:
    return page.page_of(
        page.Parts(
            "Functions console",
            (_HERE / "console.html").read_text(encoding="utf-8"),
            [page.HERE / "base.css", _HERE / "console.css"],
            [page.HERE / "form.js", _HERE / "console.js"],
        )
    )
