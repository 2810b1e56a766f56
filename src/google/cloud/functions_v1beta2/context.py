"""The metadata that a background function gets beside its data, in the v1beta2 name space."""

from google.cloud.functions_v1 import context as _v1

__all__ = ["Context"]


class Context(_v1.Context):
    """Metadata of a background event; see `google.cloud.functions_v1.context.Context`."""
