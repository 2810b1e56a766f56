"""Every setting, declared once: its flag, its environment variable, its default, how it is read.

The command line, the Python API, the documentation's table and its test are all derived from the
fields of `Settings`. Nothing else in the package reads argv or these variables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from .exceptions import InvalidConfigurationException
from .function import Signature

TRUE_WORDS = frozenset({"1", "true", "t", "yes", "y", "on"})
FALSE_WORDS = frozenset({"0", "false", "f", "no", "n", "off"})
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def text(value: str) -> str:
    """Any text."""
    return value


def boolean(value: str) -> bool:
    """1/true/t/yes/y/on or 0/false/f/no/n/off, in any case."""
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError("expected one of 1/true/t/yes/y/on or 0/false/f/no/n/off")


def integer(value: str) -> int:
    """A whole number."""
    try:
        return int(value.strip())
    except ValueError:
        raise ValueError("expected a whole number") from None


def count(value: str) -> int:
    """A whole number of at least 1."""
    number = integer(value)
    if number < 1:
        raise ValueError("expected a whole number of at least 1")
    return number


def whole(value: str) -> int:
    """A whole number of at least 0."""
    number = integer(value)
    if number < 0:
        raise ValueError("expected a whole number of at least 0")
    return number


def port(value: str) -> int:
    """A TCP port, 0 for any free one."""
    number = integer(value)
    if not 0 <= number <= 65535:
        raise ValueError("expected a port from 0 to 65535")
    return number


def seconds(value: str) -> float:
    """Seconds, at least 0; fractions allowed."""
    try:
        number = float(value.strip())
    except ValueError:
        raise ValueError("expected a number of seconds") from None
    if not 0 <= number < float("inf"):
        raise ValueError("expected a number of seconds of at least 0")
    return number


def size(value: str) -> int:
    """Bytes, with K, M or G for 1024, 1024², 1024³."""
    word = value.strip().lower().removesuffix("b")
    unit = _UNITS.get(word[-1:], 1)
    try:
        number = int(word[:-1] if unit > 1 else word)
    except ValueError:
        raise ValueError("expected a number of bytes such as 65536, 64K, 10M or 1G") from None
    if number < 0:
        raise ValueError("expected a size of at least 0")
    return number * unit


def signature(value: str) -> Signature:
    """One of http, event, cloudevent, typed."""
    try:
        return Signature(value)
    except ValueError:
        raise ValueError("expected one of 'http', 'event', 'cloudevent', 'typed'") from None


def log_level(value: str) -> str:
    """One of debug, info, warning, error, critical."""
    word = value.strip().lower()
    if word not in {"debug", "info", "warning", "error", "critical"}:
        raise ValueError("expected one of debug, info, warning, error, critical")
    return word


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting is given from outside.

    Attributes:
        flag: the command-line flag.
        variable: the environment variable.
        parse: text to value; raises ValueError that says what was expected.
        help: one sentence for `--help` and the documentation.
        group: the heading it stands under.
        is_lenient: a bad value in the variable is warned of and ignored instead of fatal.
    """

    flag: str
    variable: str
    parse: Callable[[str], Any]
    help: str
    group: str
    is_lenient: bool = False

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.parse is boolean


def _option(
    flag: str,
    variable: str,
    default: Any,
    parse: Callable[[str], Any],
    help: str,  # noqa: A002 - the word the field uses
    *,
    group: str = "Server",
    is_lenient: bool = False,
) -> Any:
    option = Option(flag, variable, parse, help, group, is_lenient)
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for; see each field's help.

    Times are seconds, sizes are bytes; a limit of 0 means none unless its help says otherwise.
    """

    target: str | None = _option(
        "--target", "FUNCTION_TARGET", None, text,
        "Name of the function to serve. Default: the one decorated function of the source, "
        "else the one named 'function'.", group="Function",
    )
    source: str | None = _option(
        "--source", "FUNCTION_SOURCE", None, text,
        "File or directory that holds the function. Default: main.py in the working directory.",
        group="Function",
    )
    signature_type: Signature = _option(
        "--signature-type", "FUNCTION_SIGNATURE_TYPE", Signature.HTTP, signature,
        "How an undecorated function is called: http, event, cloudevent or typed.",
        group="Function",
    )
    asgi: bool = _option(
        "--asgi", "FUNCTION_USE_ASGI", False, boolean,
        "Serve from the event loop even if the function is a plain 'def'.", group="Function",
    )
    host: str = _option(
        "--host", "HOST", "0.0.0.0", text,  # noqa: S104 - containers are reached from outside
        "Address to listen on, IPv4 or IPv6.",
    )
    port: int = _option("--port", "PORT", 8080, port, "Port to listen on, 0 for any free one.")
    workers: int = _option("--workers", "WORKERS", 1, count, "Processes that serve.")
    threads: int = _option(
        "--threads", "THREADS", 128, count,
        "Calls of sync functions that run at once, in each worker.",
    )
    log_level: str = _option(
        "--log-level", "LOG_LEVEL", "info", log_level,
        "Least severe records shown: debug, info, warning, error or critical.", group="Logs",
    )
    debug: bool = _option(
        "--debug", "DEBUG", False, boolean,
        "Show tracebacks in the browser and restart on changes. Not for production.",
        group="Development", is_lenient=True,
    )
    reload: bool = _option(
        "--reload", "RELOAD", False, boolean,
        "Restart when a file under the source's directory changes.", group="Development",
    )
    timeout: float = _option(
        "--timeout", "CLOUD_RUN_TIMEOUT_SECONDS", 0.0, seconds,
        "Seconds a call may take before it is ended and answered 504, 0 for no limit.",
        group="Limits",
    )
    grace_period: float = _option(
        "--grace-period", "GRACE_PERIOD", 8.0, seconds,
        "Seconds that requests in flight get to finish after SIGTERM.", group="Limits",
    )

    @classmethod
    def load(
        cls,
        given: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> Settings:
        """Combine given values (which win) with the environment (empty text counts as unset).

        Args:
            given: parsed values by field name; None values count as not given.
            environ: the environment, `os.environ` when omitted.
            warn: called with a sentence for a variable that is ignored.

        Raises:
            InvalidConfigurationException: a variable holds what its option cannot take.
        """
        environ = os.environ if environ is None else environ
        values = {name: value for name, value in (given or {}).items() if value is not None}
        for name, option in options().items():
            raw = environ.get(option.variable, "")
            if name in values or not raw:
                continue
            try:
                values[name] = option.parse(raw)
            except ValueError as error:
                message = f"Invalid value {raw!r} for {option.variable}: {error}."
                if not option.is_lenient:
                    raise InvalidSettingException(message, option) from None
                if warn is not None:
                    warn(f"{message} It is ignored.")
        return cls(**values)

    @classmethod
    def default(cls, name: str) -> Any:
        """The default of one field."""
        found: Field[Any] = cls.__dataclass_fields__[name]
        return None if found.default is MISSING else found.default


class InvalidSettingException(InvalidConfigurationException):
    """A variable or flag holds what its option cannot take."""

    exit_code = 2

    def __init__(self, message: str, option: Option) -> None:
        super().__init__(message)
        self.option = option


def options() -> dict[str, Option]:
    """Every option by its field's name, in the order they are shown."""
    return {item.name: item.metadata["option"] for item in fields(Settings)}
