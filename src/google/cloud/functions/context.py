"""The metadata that a background function gets beside its data, under its unversioned name."""

from google.cloud.functions_v1.context import Context

__all__ = ["Context"]
