"""A stand-in for curl with the options the pages use: the examples run where curl is absent."""

from __future__ import annotations

import argparse
import http.client
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

_PARSER = argparse.ArgumentParser("curl", add_help=False, exit_on_error=False, allow_abbrev=False)
_PARSER.add_argument("url")
_PARSER.add_argument("-s", "--silent", action="store_true")
_PARSER.add_argument("-i", "--include", action="store_true")
_PARSER.add_argument("-I", "--head", action="store_true")
_PARSER.add_argument("-N", "--no-buffer", action="store_true")
_PARSER.add_argument("-X", "--request")
_PARSER.add_argument("-H", "--header", action="append", default=[])
_PARSER.add_argument("-d", "--data", "--data-raw", "--data-binary", dest="data")
_PARSER.add_argument("--unix-socket")
_PARSER.add_argument("-o", "--output")
_PARSER.add_argument("-w", "--write-out", default="")


def run(arguments: list[str], directory: Path) -> str:
    """Do one request and return what curl would print.

    Raises:
        argparse.ArgumentError: an option this stand-in does not know.
    """
    wanted = _PARSER.parse_args(arguments)
    url = urlsplit(wanted.url if "//" in wanted.url else f"http://{wanted.url}")
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=20)
    if wanted.unix_socket:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(directory / wanted.unix_socket))
    body = _body(wanted.data, directory)
    try:
        connection.request(
            wanted.request or ("HEAD" if wanted.head else "GET" if body is None else "POST"),
            (url.path or "/") + (f"?{url.query}" if url.query else ""),
            body=body,
            headers=_headers(wanted.header, has_body=body is not None),
        )
        response = connection.getresponse()
        content = response.read().decode()
    finally:
        connection.close()
    printed = "" if wanted.output else content
    if wanted.include or wanted.head:
        head = "".join(f"{name}: {value}\n" for name, value in response.getheaders())
        printed = f"HTTP/1.1 {response.status} {response.reason}\n{head}\n{printed}"
    tail = wanted.write_out.replace("%{http_code}", str(response.status)).replace("\\n", "\n")
    return printed + str(tail)


def _body(data: str | None, directory: Path) -> bytes | None:
    if data is not None and data.startswith("@"):
        return (directory / data[1:]).read_bytes()
    return None if data is None else data.encode()


def _headers(lines: list[str], *, has_body: bool) -> dict[str, str]:
    given = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    if has_body and not any(name.lower() == "content-type" for name in given):
        given["Content-Type"] = "application/x-www-form-urlencoded"
    return {"Accept": "*/*", "User-Agent": "curl/8", **given}
