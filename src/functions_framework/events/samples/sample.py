"""A sample as a value: its fields, the event and the request it describes as templates.

The files are in `data`, one a sample, so that adding one is adding a file:

* `title`, `sources` (where its shape is specified), `sent_as`: `binary` or `push`, whichever the
  service itself sends;
* `fields`: what can be overridden, each with `type`, `default`, `description` and maybe `choices`;
  `id` and `time` are fields of every sample;
* `event`: the CloudEvent, `attributes` and `data`; absent when the service knows none;
* `request`: what the service posts where that isn't a CloudEvent: `path`, `headers`, `body`, and
  `signature` (`secret` and the text `signed`) where the request is signed by HMAC-SHA256;
* `lambda`: the payload with which AWS Lambda is invoked for it, where it is an event of AWS, with
  `{data}` for the event's data;
* `background`: members of its background form beside `context` and `data`;
* `extends`: another sample that this one is a JSON merge patch (RFC 7396) for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.exceptions import FunctionsFrameworkException

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_ID = "1096434104173400"
DEFAULT_TIME = "2026-01-01T00:00:00Z"

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "time": (str,),
    "integer": (int,),
    "object": (dict,),
    "any": (object,),
}
_EXPECTED = {
    "string": "text",
    "time": "a time like 2026-01-01T00:00:00Z",
    "integer": "a whole number",
    "object": "a JSON object",
}
# RFC 3339, section 5.6, the form of a CloudEvent's time.
_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)"
    r"(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


class SampleFault(FunctionsFrameworkException, ValueError):  # noqa: N818 - the asker's fault
    """A sample, a field or a form was asked for that does not exist, or a value that cannot be."""

    exit_code = 2


class Field(NamedTuple):
    """A part of a sample that can be chosen.

    Attributes:
        name: its name; on the command line underscores are hyphens.
        type: `string`, `time` (RFC 3339), `integer`, `object` or `any` (any JSON value).
        default: its value when none is chosen; None leaves a `string` out.
        description: one sentence.
        choices: the only values it takes, empty for no such limit.
    """

    name: str
    type: str
    default: Any
    description: str
    choices: tuple[Any, ...] = ()

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return f"--{self.name.replace('_', '-')}"

    def read(self, text: str) -> Any:
        """The value a command line means.

        Raises:
            SampleFault: the text is none.
        """
        if self.type in {"string", "time"}:
            return self.check(text)
        if self.type == "integer":
            return self.check(int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text)
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            if self.type == "any" and error.pos == 0 and text.isidentifier():
                return text  # a bare word needs no quotes inside those of the shell
            raise SampleFault(
                f"{self.flag} is not JSON: {error.msg} at line {error.lineno}, "
                f"column {error.colno}."
            ) from None
        return self.check(value)

    def check(self, value: object) -> Any:
        """The value itself.

        Raises:
            SampleFault: it is of another type, or none of the choices.
        """
        is_absent = value is None and self.default is None
        is_fit = isinstance(value, _KINDS[self.type]) and not (
            (self.type == "integer" and isinstance(value, bool))
            or (self.type == "time" and isinstance(value, str) and not _TIME.fullmatch(value))
        )
        if not is_fit and not is_absent:
            raise SampleFault(
                f"The field {self.name!r} takes {_EXPECTED[self.type]}, found {value!r}."
            )
        if self.choices and value not in self.choices:
            listed = ", ".join(map(str, self.choices))
            raise SampleFault(f"The field {self.name!r} is one of {listed}; found {value!r}.")
        return value


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample event.

    Attributes:
        name: what it is asked for by.
        title: what happened, in a line.
        sent_as: the form the service itself sends, `binary` or `push`.
        sources: where its shape is specified.
        fields: what can be overridden, by name.
        event: the template of the CloudEvent, None when there is none.
        request: the template of the service's own request, None when that is the CloudEvent.
        background: templates of members beside `context` and `data` in its background form.
        invocation: the template of AWS Lambda's payload, None where Lambda gets no such event.
    """

    name: str
    title: str
    sent_as: str
    sources: tuple[str, ...]
    fields: dict[str, Field]
    event: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    background: dict[str, Any] | None = None
    invocation: dict[str, Any] | None = None

    @classmethod
    def of(cls, name: str, described: Mapping[str, Any]) -> Sample:
        """Build from the JSON of its file, `extends` resolved."""
        fields = {
            key: Field(
                key,
                field["type"],
                field.get("default"),
                field["description"],
                tuple(field.get("choices", ())),
            )
            for key, field in described["fields"].items()
        }
        fields["id"] = Field("id", "string", DEFAULT_ID, "Id of the event.")
        fields["time"] = Field("time", "time", DEFAULT_TIME, "When it happened (RFC 3339).")
        return cls(
            name,
            described["title"],
            described["sent_as"],
            tuple(described["sources"]),
            fields,
            described.get("event"),
            described.get("request"),
            described.get("background"),
            described.get("lambda"),
        )

    @property
    def kind(self) -> str:
        """The CloudEvent's type, or `webhook`."""
        if self.event is None:
            return "webhook"
        type_template: str = self.event["attributes"]["type"]
        field = self.fields.get(type_template.strip("{}"))
        return str(field.default) if field else type_template

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The value of each field, those given checked.

        Raises:
            SampleFault: there is no such field, or a value does not fit.
        """
        unknown = [name for name in given if name not in self.fields]
        if unknown:
            raise SampleFault(
                f"The sample {self.name!r} has no field {unknown[0]!r}. "
                f"It has: {', '.join(self.fields)}."
            )
        return {
            name: field.check(given[name]) if name in given else field.default
            for name, field in self.fields.items()
        }
