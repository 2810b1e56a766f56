"""Requests as no client should send them: what they are, their bytes, what the server may do.

The sources of the rules are RFC 9112 (HTTP/1.1) and RFC 9110; the tricks are those of the published
request smuggling research. `SMUGGLED` is a request that must never run where it is hidden.
"""

from __future__ import annotations

from typing import NamedTuple


class Malformed(NamedTuple):
    """One row.

    Attributes:
        name: what is wrong with it.
        sent: its bytes.
        has_left: whether the client hangs up after sending them.
    """

    name: str
    sent: bytes
    has_left: bool = False


class Accepted(NamedTuple):
    """A request that is odd and yet has one meaning.

    Attributes:
        name: what is odd about it.
        sent: its bytes.
        call: method, path and body that the function gets.
    """

    name: str
    sent: bytes
    call: str


GET = b"GET / HTTP/1.1\r\nhost: x\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
TYPED = POST + b"content-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"

REQUEST_LINES = [
    Malformed("bytes that aren't text", b"\x00\x01\x02\xff\xfe\r\n\r\n"),
    Malformed("text that isn't a request", b"hello there\r\n\r\n"),
    Malformed("no version", b"GET /\r\n\r\n"),
    Malformed("HTTP/3.0", b"GET / HTTP/3.0\r\nhost: x\r\n\r\n"),
    Malformed("HTTP/2.0 without its preface", b"GET / HTTP/2.0\r\nhost: x\r\n\r\n"),
    Malformed("version in lower case", b"GET / http/1.1\r\nhost: x\r\n\r\n"),
    Malformed("method with a separator", b"G@T / HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("method with NUL", b"G\0T / HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("no method", b" / HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("no target", b"GET HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("space in the target", b"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("two spaces", b"GET  / HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("NUL in the target", b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("raw bytes in the target", b"GET /\x80\xff HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("target without a slash", b"GET abc HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("absolute target that is none", b"GET http://[b HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("CONNECT", b"CONNECT a:443 HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("target of 100 KB", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n"),
    Malformed("TLS on a plain port", bytes.fromhex("16030100a5010000a10303") + b"\x01" * 160),
    Malformed("SOCKS", b"\x05\x01\x00\r\n\r\n"),
    Malformed("PROXY protocol", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n" + GET + b"\r\n"),
    Malformed("half a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
    Malformed("junk after the preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100),
    Malformed("half a request line", b"GET / HT", has_left=True),
    Malformed("nothing", b"", has_left=True),
]

HEADERS = [
    Malformed("no colon", GET + b"abc\r\n\r\n"),
    Malformed("space in a name", GET + b"a b: c\r\n\r\n"),
    Malformed("space before the colon", GET + b"a : c\r\n\r\n"),
    Malformed("empty name", GET + b": c\r\n\r\n"),
    Malformed("separator in a name", GET + b"a(b: c\r\n\r\n"),
    Malformed("folded line", GET + b"a: b\r\n c\r\n\r\n"),
    Malformed("NUL in a value", GET + b"a: b\0c\r\n\r\n"),
    Malformed("bare CR in a value", GET + b"a: b\rc\r\n\r\n"),
    Malformed("DEL in a value", GET + b"a: \x7f\r\n\r\n"),
    Malformed("150 headers", GET + b"a: b\r\n" * 150 + b"\r\n"),
    Malformed("header of 100 KB", GET + b"a: " + b"b" * 100_000 + b"\r\n\r\n"),
]

LENGTHS = [
    Malformed(f"Content-Length {value!r}", POST + b"content-length: %s\r\n\r\nab" % value.encode())
    for value in ("-1", "+2", "", "0x2", "2a", "2, 2", "1e1", "1_0", "1 0", "9" * 20, "²")
]
LENGTHS += [
    Malformed("two lengths", POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\nabc"),
    Malformed("largest length", POST + b"content-length: %d\r\n\r\nab" % (2**64 - 1)),
    Malformed("length of 2^63", POST + b"content-length: %d\r\n\r\nab" % 2**63, has_left=True),
    Malformed("shorter than its length", POST + b"content-length: 5\r\n\r\nab", has_left=True),
]

TRANSFER_CODINGS = [
    Malformed(
        f"Transfer-Encoding {value.decode('latin-1')!r}",
        POST + b"transfer-encoding: %s\r\n\r\n0\r\n\r\n" % value + SMUGGLED,
    )
    for value in (
        b"identity",
        b"xchunked",
        b"chunked, identity",
        b"gzip",
        b"\x0bchunked",
        b'"chunked"',
        b"chunked;a=b",
        b"chunked, chunked",
        b"chunked\r\ntransfer-encoding: chunked",
        b"gzip, chunked",
        b"gzip\r\ntransfer-encoding: chunked",
        b"chunked\x00",
        b"",
    )
]
TRANSFER_CODINGS += [
    Malformed(name, POST + field + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
    for name, field in {
        "space after Transfer-Encoding": b"transfer-encoding : chunked",
        "tab after Transfer-Encoding": b"transfer-encoding\t: chunked",
        "both lengths, the coding unknown": b"content-length: 4\r\ntransfer-encoding: xchunked",
        "both lengths, the coding identity": b"content-length: 5\r\ntransfer-encoding: identity",
    }.items()
]
TRANSFER_CODINGS += [
    Malformed(
        "chunked in HTTP/1.0",
        b"POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    ),
]

BAD_CHUNKS = {
    "size that isn't a valid number": b"xyz\r\nab\r\n0\r\n\r\n",
    "negative size": b"-1\r\nab\r\n0\r\n\r\n",
    "size with a sign": b"+2\r\nab\r\n0\r\n\r\n",
    "size with a prefix": b"0x2\r\nab\r\n0\r\n\r\n",
    "size with an underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n",
    "size of 17 digits": b"f" * 17 + b"\r\nab\r\n0\r\n\r\n",
    "size of 16 digits": b"f" * 16 + b"\r\nab\r\n0\r\n\r\n",
    "space before the size": b" 2\r\nab\r\n0\r\n\r\n",
    "no size": b"\r\nab\r\n0\r\n\r\n",
    "size that ends with LF": b"2\nab\n0\n\n",
    "size that ends with CR": b"2\rab\r\n0\r\n\r\n",
    "LF in an extension": b"2;a\nb\r\nab\r\n0\r\n\r\n",
    "extension of 20 KB": b"2;" + b"x" * 20_000 + b"\r\nab\r\n0\r\n\r\n",
    "data that is not ended": b"2\r\nab0\r\n\r\n",
    "more data than its size": b"2\r\nabc\r\n0\r\n\r\n",
    "trailer that is none": b"2\r\nab\r\n0\r\na b\r\n\r\n",
    "2000 trailers": b"2\r\nab\r\n0\r\n" + b"a: b\r\n" * 2000 + b"\r\n",
    "no last chunk": b"2\r\nab\r\n",
    "chunk that breaks off": b"5\r\nab",
}
BROKEN_OFF = ["no last chunk", "chunk that breaks off", "size of 16 digits"]
CHUNKS = [
    *[Malformed(name, TYPED + chunk, has_left=True) for name, chunk in BAD_CHUNKS.items()],
    *[
        Malformed(f"{name}, no type", CHUNKED + chunk, has_left=True)
        for name, chunk in BAD_CHUNKS.items()
    ],
    Malformed(
        "both lengths",
        TYPED.replace(b"\r\n\r\n", b"\r\ncontent-length: 4\r\n\r\n")
        + b"5c\r\n"
        + SMUGGLED
        + b"\r\n0\r\n\r\n",
        has_left=True,
    ),
]

MALFORMED = [*REQUEST_LINES, *HEADERS, *LENGTHS, *TRANSFER_CODINGS, *CHUNKS]

ACCEPTED = [
    Accepted("empty lines first", b"\r\n\r\n" + GET + b"\r\n", "GET / b''"),
    Accepted("lines that end with LF", b"GET / HTTP/1.1\nhost: x\n\n", "GET / b''"),
    Accepted("Latin-1 in a value", GET + b"a: \xff\xfe\r\n\r\n", "GET / b''"),
    Accepted("percent sign alone", b"GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n", "GET /%zz b''"),
    Accepted(
        "the same length twice", POST + b"content-length: 2\r\n" * 2 + b"\r\nab", "POST / b'ab'"
    ),
    Accepted("zero before the length", POST + b"content-length: 02\r\n\r\nab", "POST / b'ab'"),
    Accepted("body of a GET", GET + b"content-length: 2\r\n\r\nab", "GET / b'ab'"),
    Accepted("extension", CHUNKED + b"2;x=y\r\nab\r\n0\r\n\r\n", "POST / b'ab'"),
    Accepted(
        "trailer",
        CHUNKED[:-2] + b"trailer: a\r\n\r\n" + b"2\r\nab\r\n0\r\na: b\r\n\r\n",
        "POST / b'ab'",
    ),
    Accepted(
        "unknown expectation",
        POST + b"expect: 200-ok\r\ncontent-length: 2\r\n\r\nab",
        "POST / b'ab'",
    ),
    Accepted(
        "upgrade nobody offers", GET + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n", "GET / b''"
    ),
]
