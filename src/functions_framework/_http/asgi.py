"""The names 3.10 had for uvicorn; see the package."""

from . import Application as StarletteApplication

__all__ = ["StarletteApplication"]
