"""From the arguments of `invoke` to the request that is sent."""

from __future__ import annotations

import mimetypes
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.calls.compose import request_of
from functions_framework.events import background
from functions_framework.events.binding import BATCH_TYPE, STRUCTURED_TYPE
from functions_framework.events.samples import forms
from functions_framework.events.samples.catalogue import names_of_types
from functions_framework.model.function import Function, Signature
from functions_framework.model.json_text import is_json
from functions_framework.signatures.event_parameters import event_types_of

from .faults import BadInput, read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.events.samples.sample import Sample
    from functions_framework.model.request import Request

_EVENTS = (Signature.CLOUDEVENT, Signature.EVENT)
_STDIN = "-"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, and where it comes from.

    Attributes:
        content: the bytes.
        content_type: what they are.
        origin: where they come from, for messages.
    """

    content: bytes
    content_type: str
    origin: str


@dataclass(frozen=True, slots=True)
class Call:
    """What the command line asks for.

    Attributes:
        method: the HTTP method, None for the one that fits.
        path: the URL's path.
        query: `name=value` pairs.
        headers: names and values.
        body: the body, None for none.
        sample: the sample event to send, None for none.
        fields: values of its fields.
        form: the form the sample is sent in, None for the one that fits.
        batch: how often the sample is sent in one batch, None for no batch.
    """

    method: str | None
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: Body | None = None
    sample: Sample | None = None
    fields: dict[str, Any] | None = None
    form: str | None = None
    batch: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is sent but the path and the headers."""
        return self.body is None and self.sample is None and not self.query

    def request_to(self, function: Function | None) -> Request:
        """Make the request.

        Args:
            function: what it is for, None for a server whose function is not known.

        Raises:
            BadInput: the function does not take such a request.
        """
        if function is not None and function.signature is Signature.WEBSOCKET:
            raise BadInput(
                f"{function.name!r} takes WebSockets, not requests. Serve it, and try "
                "'python -m websockets ws://localhost:8080/'."
            )
        if self.sample is not None:
            return self._event_request(self.sample, function)
        if function is not None and function.signature is not Signature.HTTP:
            self._check(function)
        method = self.method or ("GET" if self.body is None else "POST")
        headers = list(self.headers)
        if self.body is not None and not _has(headers, "content-type"):
            headers.append(("content-type", self.body.content_type))
        content = None if self.body is None else self.body.content
        return request_of(method, self.path, data=content, headers=headers, query=self.query)

    def _event_request(self, sample: Sample, function: Function | None) -> Request:
        data = forms.UNSET
        if self.body is not None:
            data = read_json(self.body.content, self.body.origin)
        form = self.form or _fitting_form(sample, function)
        given = self.fields or {}
        if self.batch:
            made = forms.batch(sample, given, data, number=self.batch)
        else:
            made = forms.request_in(form, sample, given, data)
        chosen = {name.lower() for name, _ in self.headers}
        kept = [pair for pair in made.headers if pair[0].lower() not in chosen]
        asked = request_of(self.method or "POST", self.path, query=self.query)
        return made._replace(
            method=asked.method,
            path=asked.path if asked.path != "/" else made.path,
            query=asked.query,
            headers=(*kept, *self.headers),
        )

    def _check(self, function: Function) -> None:
        """Refuse a call that this function cannot take, whatever is in it."""
        name, kind = function.name, function.signature
        if kind is Signature.TYPED:
            if self.body is None and not self.query and self.method is None:
                raise BadInput(f"{name!r} is a typed function and takes a value: give --data JSON.")
            return
        is_in_headers = any(header.lower().startswith("ce-") for header, _ in self.headers)
        if self.method not in {None, "POST"} or is_in_headers:
            return
        what = "CloudEvents" if kind is Signature.CLOUDEVENT else "background events"
        sample = next(iter(names_of_types(event_types_of(function))), "pubsub")
        remedy = (
            f"Give --event NAME, such as --event {sample}; 'functions-framework events list' names "
            "the samples."
        )
        if self.body is None:
            raise BadInput(f"{name!r} takes {what}. {remedy} To read one from a pipe, add '-'.")
        if not is_json(self.body.content_type):
            return
        payload = read_json(self.body.content, self.body.origin)
        is_event = isinstance(payload, list) or _is_cloud_event(payload)
        if not (is_event or background.is_background(payload)):
            raise BadInput(f"{name!r} takes {what}, and {self.body.origin} holds none. {remedy}")


def _fitting_form(sample: Sample, function: Function | None) -> str:
    """The form a function gets a sample in.

    Raises:
        BadInput: it takes no events, or none of this sample's forms.
    """
    if function is None or function.signature is Signature.HTTP:
        return sample.sent_as
    if function.signature is Signature.TYPED:
        raise BadInput(
            f"{function.name!r} is a typed function, which takes a value and no event. "
            "Give --data JSON."
        )
    if sample.event is None:
        raise BadInput(
            f"{function.name!r} has the signature {function.signature}, and the sample "
            f"{sample.name!r} is a webhook for http functions."
        )
    return str(forms.form_for(sample, function.signature))


def body_of(
    data: str | None, file: str | None, headers: Sequence[tuple[str, str]]
) -> tuple[Body | None, tuple[tuple[str, str], ...]]:
    """Read the body; JSON is checked before anything runs.

    Standard input may be what `events show` writes: it then begins with the event's headers.

    Args:
        data: the text of `--data`, `-` for standard input.
        file: the path of `--file`, `-` for standard input.
        headers: those given, of which Content-Type says what the body is.

    Returns:
        The body, None for none, and the headers that came with it.

    Raises:
        BadInput: there are two bodies, a file cannot be read, or JSON is none.
    """
    if data is not None and file is not None:
        raise BadInput("Give --data or --file, not both.")
    if data is None and file is None:
        return None, ()
    declared = next((value for name, value in headers if name.lower() == "content-type"), None)
    if _STDIN in {data, file}:
        said, content = _parted(sys.stdin.buffer.read())
        declared = declared or next((value for name, value in said if name == "content-type"), None)
        body = Body(content, declared or "application/json", "standard input")
        if said:
            given = {name.lower() for name, _ in headers}
            return body, tuple(pair for pair in said if pair[0] not in given)
    elif data is not None:
        body = Body(data.encode(), declared or "application/json", "--data")
    else:
        guessed = mimetypes.guess_type(str(file))[0] or "application/octet-stream"
        body = Body(_read(str(file)), declared or guessed, str(file))
    if is_json(body.content_type):
        value = _value_of(body, data or "")
        if not declared and (kind := _kind_of(value)):
            return Body(body.content, kind, body.origin), ()
    return body, ()


def _value_of(body: Body, data: str) -> Any:
    if data.startswith("@"):
        raise BadInput(f"--data is not JSON: {data!r}. A file is sent by --file {data[1:]}.")
    return read_json(body.content, body.origin)


def _parted(text: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """The headers that an event in binary mode begins with, and the rest."""
    if not text.startswith(b"ce-"):
        return [], text
    head, _, body = text.partition(b"\n\n")
    pairs = [line.partition(":") for line in head.decode("latin-1").splitlines()]
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs], body


def _kind_of(value: object) -> str | None:
    """The media type of a JSON value that is a CloudEvent or a list of them."""
    if _is_cloud_event(value):
        return STRUCTURED_TYPE
    is_batch = isinstance(value, list) and value and all(map(_is_cloud_event, value))
    return BATCH_TYPE if is_batch else None


def _is_cloud_event(value: object) -> bool:
    return isinstance(value, dict) and "specversion" in value


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None


def pair_of(text: str, between: str, option: str, example: str) -> tuple[str, str]:
    """The two parts of `NAME=VALUE` or `NAME: VALUE`.

    Raises:
        BadInput: the text has no such parts.
    """
    name, found, value = text.partition(between)
    if not found or not name.strip():
        raise BadInput(f"{option} takes NAME{between}VALUE, such as {example!r}; found {text!r}.")
    return name.strip(), value.strip() if between == ":" else value


def header_of(text: str) -> tuple[str, str]:
    """The name and value of a `--header`.

    Raises:
        BadInput: the text has no such parts, or no header can hold them (RFC 9110, section 5).
    """
    name, value = pair_of(text, ":", "--header", "X-A: b")
    if not _HEADER_NAME.fullmatch(name):
        raise BadInput(f"--header takes a name of letters, digits and '-', found {name!r}.")
    if not _HEADER_VALUE.fullmatch(value):
        raise BadInput(
            f"--header {name} holds {value!r}: a value is one line of Latin-1 characters."
        )
    return name, value


def _has(headers: Sequence[tuple[str, str]], wanted: str) -> bool:
    return any(name.lower() == wanted for name, _ in headers)
