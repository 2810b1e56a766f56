"""Tracebacks for the browser of who develops: a page or plain text, for this machine only."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from functions_framework.model.addresses import ip_address, is_loopback
from functions_framework.model.message import CRASH, HTML, TEXT, Reply

if TYPE_CHECKING:
    from .layers import Head

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
# Whoever passes on somebody else's request says so in one of these.
_FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_local(head: Head) -> bool:
    """Whether a request comes from this machine: what tracebacks are shown to.

    Its connection must come from here, and its `Host` must name this machine: a page of anybody's
    whose name is made to lead here (DNS rebinding) is read by the browser as its own.
    """
    if any(head.header(name) is not None for name in _FORWARDING):
        return False
    is_from_here = head.is_on_unix_socket or is_loopback(head.client)
    return is_from_here and is_local_host(head.header("host") or "")


def is_local_host(host: str) -> bool:
    """Whether a `Host` names this machine, by an address or a name that is nobody else's.

    Names below `localhost` are (RFC 6761, section 6.3). The address of all interfaces counts: who
    opens it gets here, and an address cannot be made to lead elsewhere.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    if found["address"] is not None:
        return _is_own(found["address"])
    name = found["name"].lower().removesuffix(".")
    return name == "localhost" or name.endswith(".localhost") or _is_own(name)


# RFC 9110, section 7.2: a host and perhaps a port.
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-fA-F:.]+)\]|(?P<name>[a-zA-Z0-9_.-]+))(?::[0-9]*)?")


def _is_own(text: str) -> bool:
    address = ip_address(text)
    return address is not None and (address.is_loopback or address.is_unspecified)


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
