"""The names 3.10 had for gunicorn; see the package."""

from . import Application as GunicornApplication
from . import Application as UvicornApplication

__all__ = ["GunicornApplication", "UvicornApplication"]
