"""Every setting of a server: declared in `fields`, read by `parsers`, described by `options`."""

from .fields import Settings, options
from .options import (
    InvalidNumberException,
    InvalidSettingException,
    Option,
    declare,
    quoted,
)

__all__ = [
    "InvalidNumberException",
    "InvalidSettingException",
    "Option",
    "Settings",
    "declare",
    "options",
    "quoted",
]
