"""How the text of a flag or a variable becomes a value; nothing here knows which setting it is for.

Every parser takes text and returns a value or raises ValueError whose text says what was
expected. Its name is what `--help` shows in place of the value.
"""

from __future__ import annotations

from functions_framework.model.function import Signature

TRUE_WORDS = frozenset({"1", "true", "t", "yes", "y", "on"})
FALSE_WORDS = frozenset({"0", "false", "f", "no", "n", "off"})
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
EVENT_FORMATS = ("binary", "structured")
LOG_FORMATS = ("auto", "text", "json")
_LEVEL_SYNONYMS = {"warn": "warning", "fatal": "critical"}
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}
# Beyond these a number is mistyped: it would take all memory there is, or no clock could tell it.
_MOST = 1_000_000
_MOST_WORKERS = 1_000
_MOST_SECONDS = 1_000_000_000
_MOST_HEADERS = 2**30


def text(value: str) -> str:
    """Any text."""
    return value


def path(value: str) -> str:
    """A path."""
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
    return _at_most(_MOST, number)


def workers(value: str) -> int:
    """A number of processes."""
    _at_most(_MOST_WORKERS, integer(value))
    return count(value)


def whole(value: str) -> int:
    """A whole number of at least 0."""
    number = integer(value)
    if number < 0:
        raise ValueError("expected a whole number of at least 0")
    return _at_most(_MOST, number)


def _at_most(most: int, number: int) -> int:
    if number > most:
        raise ValueError(f"expected a whole number of at most {most}")
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
    if number > _MOST_SECONDS:
        raise ValueError(f"expected at most {_MOST_SECONDS} seconds")
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


def header_size(value: str) -> int:
    """A size that the engine can count."""
    number = size(value)
    if number > _MOST_HEADERS:
        raise ValueError("expected a size of at most 1G")
    return number


def show_size(number: int) -> str:
    """Write a number of bytes the way `size` reads it, with the largest unit that is exact."""
    for letter, unit in sorted(_UNITS.items(), key=lambda item: -item[1]):
        if number and number % unit == 0:
            return f"{number // unit}{letter.upper()}"
    return str(number)


def signature(value: str) -> Signature:
    """One of http, event, cloudevent, typed, websocket."""
    try:
        return Signature(value)
    except ValueError:
        raise ValueError(
            "expected one of 'http', 'event', 'cloudevent', 'typed', 'websocket'"
        ) from None


def origins(value: str) -> str:
    """Origins such as https://example.com with commas between them, or *."""
    from functions_framework.api.origins import read_origins

    read_origins(value)
    return value


def hosts(value: str) -> str:
    """Host names such as eventgrid.azure.net with commas between them, or *."""
    for name in value.split(","):
        if not name.strip() or "/" in name:
            raise ValueError("expected host names such as eventgrid.azure.net, or *")
    return value


def probe_path(value: str) -> str:
    """A path such as /healthz, or two with a comma between; not / alone, the function's."""
    found = [path.strip().rstrip("/") for path in value.split(",")]
    is_bad = any(path[:1] != "/" or set("?#% ") & set(path) for path in found)
    if is_bad or len(found) > 2 or len(found) > len(set(found)):
        raise ValueError(
            "expected a path such as /healthz, or one of readiness and one of liveness with a "
            "comma between them, without ?, # or %"
        )
    return ",".join(found)


def directory(value: str) -> str:
    """A directory."""
    if not value.strip():
        raise ValueError("expected a directory")
    return value


def socket_path(value: str) -> str:
    """A path for a socket."""
    if not value.strip() or "\0" in value or value.startswith("unix:"):
        raise ValueError("expected a path such as /run/app.sock, without unix: before it")
    return value


def names(value: str) -> str:
    """Names with commas between them."""
    if not all(name.strip() for name in value.split(",")):
        raise ValueError("expected names with commas between them, such as ssn,pin")
    return value


def globs(value: str) -> str:
    """Paths, perhaps with * and ?, with commas between them."""
    if not all(pattern.strip() for pattern in value.split(",")):
        raise ValueError("expected patterns with commas between them, such as *.json,data/*")
    return value


def log_level(value: str) -> str:
    """One of debug, info, warning, error, critical."""
    word = value.strip().lower()
    word = _LEVEL_SYNONYMS.get(word, word)
    if word not in LOG_LEVELS:
        raise ValueError(f"expected one of {', '.join(LOG_LEVELS)}")
    return word


def log_format(value: str) -> str:
    """One of auto, text, json."""
    word = value.strip().lower()
    if word not in LOG_FORMATS:
        raise ValueError(f"expected one of {', '.join(LOG_FORMATS)}")
    return word


def event_format(value: str) -> str:
    """One of binary, structured."""
    word = value.strip().lower()
    if word not in EVENT_FORMATS:
        raise ValueError(f"expected one of {', '.join(EVENT_FORMATS)}")
    return word


def store(value: str) -> str:
    """An address such as sqlite:///calls.db or redis://host:6379/0."""
    from functions_framework.stores.urls import check

    return check(value)
