"""The names 3.10 had for Flask's own server; see the package."""

from . import Application as FlaskApplication

__all__ = ["FlaskApplication"]
