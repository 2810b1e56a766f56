"""Whether the host of Azure Functions has started this server as a custom handler."""

from __future__ import annotations

from functions_framework.settings import announced
from functions_framework.settings.serving import CUSTOM_HANDLER_PORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def is_custom_handler(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the variable that names the port of a custom handler is set.

    Args:
        environ: the variables, what users set of the process's when omitted.
    """
    found = announced.environ() if environ is None else environ
    return bool(found.get(CUSTOM_HANDLER_PORT))
