"""What stands in a path before what the function's author knows of: a stage, a base path.

An API's resource or route says what the rest is: of `/v1/orders/7` with the route
`GET /orders/{id}`, `/v1` is a base path. A stage is told where no route says anything.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from functions_framework.model.fields import PATH_CHARACTERS

_VARIABLE = re.compile(r"\{(\w+)\+?\}")
_ENCODED = f"{PATH_CHARACTERS}%"


def root_of(payload: dict[str, Any], path: str, target: str) -> tuple[str, str, str]:
    """A path in two: what stands before, and the rest.

    Args:
        payload: of format 1.0 or 2.0.
        path: as text.
        target: percent-encoded.

    Returns:
        The part before and the rest, both as text, and the rest percent-encoded.
    """
    context = payload.get("requestContext") or {}
    if "rawPath" not in payload:
        root = _base_path(payload, payload.get("resource"), path)
        rest_path, rest_target = _without(root, path, target)
        # A stage stands in the context's path only.
        if not root:
            root = _stage_before(context, payload["path"])
        return root, rest_path, rest_target
    route = payload.get("routeKey") or ""
    root = _base_path(payload, route.partition(" ")[2], path)
    stage = f"/{context.get('stage') or '$default'}"  # those who play the service leave it out
    if not root and ".execute-api." in (context.get("domainName") or ""):
        is_before = path == stage or path.startswith(f"{stage}/")
        root = stage if is_before and stage != "/$default" else ""
    return root, *_without(root, path, target)


def _stage_before(context: dict[str, Any], path: str) -> str:
    """What stands before a path in the URL that was asked for, in format 1.0."""
    whole = context.get("path") or ""
    return whole[: -len(path)] if whole != path and whole.endswith(path) else ""


def _base_path(payload: dict[str, Any], resource: str | None, path: str) -> str:
    """What of a path comes before a resource's own."""
    if not resource or resource == path:
        return ""
    given = payload.get("pathParameters") or {}
    own = _VARIABLE.sub(lambda found: given.get(found[1]) or found[0], resource)
    rest = path.rstrip("/")
    if not rest.endswith(own.rstrip("/")):
        return ""
    return rest[: len(rest) - len(own.rstrip("/"))]


def _without(root: str, path: str, target: str) -> tuple[str, str]:
    if not root:
        return path, target
    encoded = quote(root, safe=_ENCODED)
    rest = target.removeprefix(encoded) or "/"
    return path[len(root) :] or "/", rest
