"""Header fields of replies that a look is enough for; `outgoing` reads the others."""

from __future__ import annotations

from functions_framework.model.fields import TOKEN
from functions_framework.model.message import CRASH, HTML, JSON, TEXT, Headers

_PLAIN = frozenset({HTML, TEXT, JSON, CRASH, ("Content-Type", HTML[1]), ("Content-Type", JSON[1])})
"""What nearly all replies have; looked up, as looking at each would cost ten times as much."""

are_plain = _PLAIN.issuperset
"""Whether a reply's headers are among the few that say what its body is, or that it is a crash."""

_expected = set(_PLAIN)
are_expected = _expected.issuperset
"""Whether they are among those, or among what `expect` was told of."""
_MOST_EXPECTED = 1000

_SERVERS = frozenset({
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "te", "trailer", "trailers", "transfer-encoding", "upgrade",
})  # fmt: skip
_LONGEST_NAME = 1000
_FEW, _SHORT = 30, 4096
# Names that were looked at: empty for a field that is sent, else the name in lower case.
_known: dict[str, str] = {}
_MOST_KNOWN = 1000


def expect(headers: Headers) -> None:
    """Have those passed by a look-up that are fit: for what is added to many replies."""
    for pair in headers:
        if len(_expected) < _MOST_EXPECTED and not servers_name(pair[0]) and are_easy([pair]):
            _expected.add(pair)


def are_easy(headers: Headers) -> bool:
    """Whether a quick look shows that nothing is to be done about the headers."""
    if len(headers) > _FEW:
        return False
    for name, value in headers:
        if (
            _known.get(name) != ""
            or type(value) is not str
            or len(value) > _SHORT
            or not value.isascii()
            or not value.isprintable()
            or value[:1] == " "
            or value[-1:] == " "
        ):
            return False
    return True


def servers_name(name: object) -> str:
    """The lower-case name of a field that is the server's, empty for another's."""
    found = _known.get(name) if isinstance(name, str) else None
    if found is not None:
        return found
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not TOKEN.fullmatch(name):
        raise ValueError(
            f"The reply has a header named {name!r}: that isn't a valid name (RFC 9110)."
        )
    lower = name.lower()
    servers = lower if lower in _SERVERS else ""
    if len(_known) < _MOST_KNOWN:
        _known[name] = servers
    return servers
