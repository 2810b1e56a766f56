"""Reading an option's variable; which options there are is declared in `fields`."""

from __future__ import annotations

from .options import InvalidSettingException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .options import Option


def from_environment(
    option: Option, environ: Mapping[str, str], warn: Callable[[str], None] | None
) -> list[Any]:
    """The value that an option's variable gives it, none where it is unset or ignored.

    Args:
        option: whose variable is read, else its older one, else a platform's.
        environ: the variables; an empty one counts as unset.
        warn: called with a sentence for a variable that is ignored.

    Raises:
        InvalidSettingException: the variable holds what the option cannot take.
    """
    for variable in (option.variable, option.older_variable, option.platform_variable):
        raw = environ.get(variable, "") if variable else ""
        if not variable or not raw:
            continue
        try:
            return [option.read(variable, raw)]
        except InvalidSettingException as error:
            if not option.is_lenient and variable != option.older_variable:
                raise
            if warn is not None:
                warn(f"{error} It is ignored.")
    return []
