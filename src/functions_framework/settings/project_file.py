"""Settings of a project: the table `[tool.functions-framework]` of its `pyproject.toml`.

They stand below variables and above defaults. Each has the name of its flag; what a flag takes with
commas between may be a list.
"""

from __future__ import annotations

import sys
from importlib import import_module

from .fields import options
from .options import InvalidSettingException, quoted, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .options import Option

FILE = "pyproject.toml"
_TABLE = "functions-framework"
# How the table's name may be written, and, where it stands alone, the one above it.
_NAMES = tuple(f"tool.{quote}{_TABLE}{quote}".encode() for quote in ("", '"', "'"))
_ABOVE = (b"[tool]", b"tool={")


def content() -> bytes:
    """The file of the working directory where it has the table, else nothing; quickly told."""
    try:
        with open(FILE, "rb") as stream:  # noqa: PTH123 - every start comes here
            found = stream.read()
    except OSError:
        return b""
    dense = found.translate(None, b" \t")
    may_have = any(name in dense for name in _NAMES) or (
        _TABLE.encode() in dense and any(name in dense for name in _ABOVE)
    )
    return found if may_have else b""


def read() -> dict[str, Any]:
    """The settings by their fields' names, empty where there are none.

    Raises:
        InvalidSettingException: the file isn't TOML, or a setting of it is wrong; the text names
            the setting.
    """
    found = content()
    if not found:
        return {}
    # The same library under two names.
    toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tools: Any = toml.loads(found.decode()).get("tool")
    except ValueError as error:  # of both, and of what isn't UTF-8
        raise InvalidSettingException(f"{FILE} isn't TOML: {error}.") from None
    table: Any = tools.get(_TABLE, {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise InvalidSettingException(f"{FILE}: [tool.{_TABLE}] is a table of settings.")
    by_name = {option.flag[2:]: (name, option) for name, option in options().items()}
    values = {}
    for key, value in table.items():
        name, option = by_name.get(key) or _refuse(key, by_name)
        values[name] = _value(key, value, option)
    return values


def _value(key: str, value: object, option: Option) -> Any:
    if option.is_switch and not isinstance(value, bool):
        raise InvalidSettingException(f"{FILE}: {key} = {value!r}: expected true or false.")
    if isinstance(value, bool) and not option.is_switch:
        raise InvalidSettingException(f"{FILE}: {key} = {value!r}: expected a text or a number.")
    try:
        return option.parse(text_of(value))
    except ValueError as error:
        raise InvalidSettingException(f"{FILE}: {key} = {quoted(value)}: {error}.") from None


def _refuse(key: str, known: Mapping[str, Any]) -> Any:
    import difflib

    close = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise InvalidSettingException(f"{FILE}: [tool.{_TABLE}] has no setting {key!r}.{hint}")
