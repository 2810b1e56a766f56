"""How CloudFormation names things, and how one part of a template points to another."""

from __future__ import annotations

import re

from .yaml_text import Raw


def pascal(name: str) -> str:
    """A name as that of a resource or a parameter: letters and digits only."""
    parts = re.findall(r"[A-Za-z0-9]+", name)
    return "".join(
        part[0].upper() + (part[1:].lower() if part.isupper() else part[1:]) for part in parts
    )


def reference(name: str) -> Raw:
    """The value of a parameter, or the identity of a resource."""
    return Raw(f"!Ref {name}")


def attribute(name: str) -> Raw:
    """An attribute of a resource, such as `Queue.Arn`."""
    return Raw(f"!GetAtt {name}")
