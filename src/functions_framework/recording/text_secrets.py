"""Secrets in text that isn't JSON: pairs, URLs, markup, lines of settings, tokens by their form."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from .json_secrets import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from .json_secrets import Finder

# `name=value` after whatever may stand before it in URLs, cookies, command lines and settings.
_VALUE = r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^&#\s"'<>,;\\)]*)"""
_PAIR = re.compile(
    r"""(?:^|(?<=[?&#;\s,(/:|{\[>]))([^=&?#;\s"'<>\\,:/(|{\[]+)[ \t]*=[ \t]*""" + _VALUE,
    re.MULTILINE,
)
# `name: value` as a whole line (YAML, headers), or in single quotes (what Python prints).
_LINE = re.compile(
    r"^[ \t]*(?:- +)?([\w.-]+)[ \t]*[:=][ \t]+([^\s\"'\[{$&|>][^\r\n]*)", re.MULTILINE
)
_QUOTED = re.compile(r"'([^'\n]+)'\s*[:,]\s*b?('[^'\\]*(?:\\.[^'\\]*)*')")
_USERINFO = re.compile(r"""(?<=//)([^/?#\s"'<>\\]+)@(?=[^/?#\s"'<>\\@])""")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{2,}(?:\.[\w-]*){0,3}")
_BEARER = re.compile(
    r"(?P<before>^|[:=\"'(,]?\s*\b)bearer\s+(?P<token>[\w.~+/-]{2,}=*)", re.IGNORECASE
)
_BASIC = re.compile(r"\b(basic\s+)([a-z0-9+/_-]{3,}={0,2})", re.IGNORECASE)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
)
# Tokens that say by their beginning whose they are: Google, GitHub, GitLab, Slack, Stripe, OpenAI.
_KNOWN = re.compile(
    r"\b(?:AIza[\w-]{30,}|ya29\.[\w.-]{10,}|gh[oprsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}"
    r"|xox[abeoprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{10,}|sk-[\w-]{20,})"
)
_LONG_TOKEN = 16

_TAG = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)((?:\s[^<>]*?)?)(/?)>")
_ANY_TAG = re.compile(r"<(/?)([\w.:-]+)[^<>]*?(/?)>")
_UNENDED = re.compile(r"[<\"\r\n]|\Z")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)(\s*=\s*)("[^"]*"|'[^']*')""")
_CONTENT = re.compile(r"(?<=>)[^<>]{8,}(?=<)|(?<=<!\[CDATA\[).{8,}?(?=\]\]>)", re.DOTALL)
_NAMING = frozenset({"id", "key", "name"})
_NAMED = frozenset({"content", "value"})


def without_secrets(text: str, finder: Finder) -> str:
    """The text without what is a secret by its name or by its form."""
    text = _without_tokens(text, finder.note)
    if "//" in text:
        text = _noted(_USERINFO, text, "userinfo", f"{REDACTED}@", finder.note)
    if "<" in text:
        text = _without_elements(text, finder)
        text = _CONTENT.sub(lambda found: finder.inner(found[0]), text)
    if ":" in text or "=" in text:
        text = _replaced(_LINE, text, finder)
    if "=" in text:
        text = _replaced(_PAIR, text, finder)
    return _replaced(_QUOTED, text, finder) if "'" in text else text


def _replaced(pattern: re.Pattern[str], text: str, finder: Finder) -> str:
    """The text with the second group of each match redacted where the first is a secret's name."""

    def replace(found: re.Match[str]) -> str:
        name, value = unquote_plus(found[1]), found[2]
        if finder.is_secret(name):
            finder.note(name)
            quote = value[:1] if value[:1] in {'"', "'"} else ""
            value = f"{quote}{REDACTED}{quote}"
        else:
            value = finder.inner(value)
        start, end = found.start(2) - found.start(), found.end(2) - found.start()
        return f"{found[0][:start]}{value}{found[0][end:]}"

    return pattern.sub(replace, text)


def _noted(
    pattern: re.Pattern[str], text: str, name: str, new: str, note: Callable[[str], None]
) -> str:
    text, count = pattern.subn(lambda _: new, text)
    if count:
        note(name)
    return text


def _without_tokens(text: str, note: Callable[[str], None]) -> str:
    text = _noted(_PRIVATE_KEY, text, "private key", REDACTED, note)
    text = _noted(_JWT, text, "jwt", REDACTED, note)
    text = _noted(_KNOWN, text, "token", REDACTED, note)

    def bearer(found: re.Match[str]) -> str:
        token = found["token"]
        begins = found.start() == 0 or bool(found["before"].strip())
        # `Bearer realm="…"` asks for a token, and a sentence may speak of bearers.
        if text[found.end() :][:1] == '"' and token.endswith("="):
            return found[0]
        if (
            not begins
            and len(token) < _LONG_TOKEN
            and not re.search(r"[\d._~+/=]", token.rstrip("."))
        ):
            return found[0]
        note("bearer")
        return f"{found[0][: found.start('token') - found.start()]}{REDACTED}"

    def basic(found: re.Match[str]) -> str:
        if not _is_credentials(found[2]):
            return found[0]
        note("basic")
        return f"{found[1]}{REDACTED}"

    return _BASIC.sub(basic, _BEARER.sub(bearer, text))


def _is_credentials(text: str) -> bool:
    """Whether it is user and password as Basic authentication sends them (RFC 7617)."""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return b":" in base64.b64decode(padded, altchars=b"-_" if set("-_") & set(text) else None)
    except (ValueError, binascii.Error):
        return False


def _without_elements(text: str, finder: Finder) -> str:
    """Markup without the content of elements, and the attributes, that have a secret's name."""
    parts, done, follows, ends = [], 0, None, _ends(text)
    for found in _TAG.finditer(text):
        if found.start() < done:
            continue
        local, attributes, is_empty = found.groups()
        name = follows or (local if finder.is_secret(local) else _named(attributes, finder))
        follows = None
        new = _attributes(attributes, finder, is_named=name is not None)
        start = found.end()
        parts += [text[done : found.start(2)], new, text[found.end(2) : start]]
        done = start
        if is_empty:
            continue
        end = ends.get(start)
        if end is None and text[start : start + 1].isspace():
            continue  # a sentence with a word in angle brackets
        if end is None:  # cut off
            end = _UNENDED.search(text, start).start()  # type: ignore[union-attr]
        if name is not None and end > start:
            finder.note(name)
            parts.append(REDACTED)
            done = end
        elif local.lower() in _NAMING and finder.is_secret(text[start:end].strip()):
            follows = text[start:end].strip()  # <key>password</key><string>…</string>
    return "".join([*parts, text[done:]])


def _ends(text: str) -> dict[int, int]:
    """Where the content of each element ends, by where it begins."""
    ends: dict[int, int] = {}
    begun: dict[str, list[int]] = {}
    for found in _ANY_TAG.finditer(text):
        is_end, tag, is_empty = found.groups()
        if not is_end:
            if not is_empty:
                begun.setdefault(tag, []).append(found.end())
        elif begun.get(tag):
            ends[begun[tag].pop()] = found.start()
    return ends


def _named(attributes: str, finder: Finder) -> str | None:
    """The secret's name that an attribute such as `name` gives."""
    for name, _, value in _ATTRIBUTE.findall(attributes):
        if name.lower() in _NAMING and finder.is_secret(value[1:-1]):
            return str(value[1:-1])
    return None


def _attributes(text: str, finder: Finder, *, is_named: bool) -> str:
    def replace(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        if not (finder.is_secret(name) or (is_named and name.lower() in _NAMED)):
            return found[0]
        finder.note(name)
        quote = found[3][0]
        return f"{found[1]}{found[2]}{quote}{REDACTED}{quote}"

    return _ATTRIBUTE.sub(replace, text)
