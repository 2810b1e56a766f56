"""Makes a page of HTML, styles and scripts that are files of the package.

All of it is one text, so a page takes no further path and fetches nothing. Its policy names the
hash of each part: a browser runs these and nothing else, whatever else might get onto the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.model.message import HTML, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent

SAFE = [
    ("cache-control", "no-store"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
]
"""Headers of whatever is for such a page only."""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
<body>
{body}
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


class Parts(NamedTuple):
    """What a page is made of.

    Attributes:
        title: of the page.
        body: its HTML.
        styles: files of CSS.
        scripts: files of JavaScript, run in this order.
        data: what the scripts find as JSON in `#data`.
    """

    title: str
    body: str
    styles: Sequence[Path]
    scripts: Sequence[Path]
    data: Any = None


def page_of(parts: Parts) -> str:
    """The HTML of a page."""
    style, script = _text(parts.styles), _text(parts.scripts)
    data = json.dumps(parts.data, ensure_ascii=False, default=str)
    return _PAGE.format(
        policy=policy_of(style, script),
        title=escape(parts.title),
        style=style,
        body=parts.body,
        # Inside of a script element only a `<` could end it.
        data=data.replace("<", "\\u003c"),
        script=script,
    )


def reply_of(html: str) -> Reply:
    """The reply with a page; nobody may put it into a frame of theirs."""
    headers = [HTML, ("content-security-policy", "frame-ancestors 'none'"), *SAFE]
    return Reply(200, headers, html.encode())


def policy_of(style: str, script: str) -> str:
    """The policy (CSP) of a page with this style and this script."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _text(files: Sequence[Path]) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
