"""Tracebacks for the browser of who develops: a page or plain text, for this machine only."""

from __future__ import annotations

import ipaddress
from html import escape
from typing import TYPE_CHECKING

from functions_framework.model.message import CRASH, HTML, TEXT, Reply

if TYPE_CHECKING:
    from .wsgi.environ import Environ

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }}
h1 {{ font-size: 1.25rem; overflow-wrap: anywhere; }}
pre {{ background: #8882; padding: 1rem; overflow: auto; }}
</style>
<h1>{title}</h1>
<p>{lead}</p>
<pre>{text}</pre>
<p>Shown to this machine only, because of <code>--debug</code>.</p>
</html>
"""
# A traceback holds the moment it was made.
_NO_STORE = ("cache-control", "no-store")
_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")


def is_local(peer: str | None, *, is_forwarded: bool) -> bool:
    """Whether a request comes from this machine: what tracebacks are shown to.

    Args:
        peer: the address of the connection itself.
        is_forwarded: whether a proxy says that it passes on somebody else's request; whom that
            names is not believed.
    """
    if is_forwarded or not peer:
        return False
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_local_environ(environ: Environ) -> bool:
    """Whether a request of WSGI comes from this machine (see `is_local`)."""
    is_forwarded = any(name in environ for name in _FORWARDING)
    return is_local(environ.get("REMOTE_ADDR"), is_forwarded=is_forwarded)


def page(error: BaseException, lead: str, text: str, accepted: str) -> Reply:
    """A traceback, as HTML for who accepts that, else as text.

    Args:
        error: what was raised.
        lead: a sentence that says when.
        text: its traceback.
        accepted: the request's Accept header.
    """
    if "text/html" not in accepted:
        return Reply(500, [TEXT, CRASH, _NO_STORE], f"{text}\n".encode())
    told = str(error).strip().partition("\n")[0]
    title = f"{type(error).__name__}: {told}" if told else type(error).__name__
    body = _PAGE.format(title=escape(title), lead=escape(lead), text=escape(text))
    return Reply(500, [HTML, CRASH, _NO_STORE], body.encode())
