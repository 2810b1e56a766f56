"""The listening socket: bound before anything is loaded, closed without losing a connection."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import socket
import struct
import sys
import time

from functions_framework.exceptions import InvalidConfigurationException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions_framework.settings import Settings

# <asm-generic/socket.h>
_SO_ATTACH_FILTER = 26
# Classic BPF over the TCP header: drop what has SYN and no ACK, pass everything else.
_DROP_NEW = (
    (0x30, 0, 0, 13),  # A = flags
    (0x54, 0, 0, 0x12),  # A &= SYN | ACK
    (0x15, 0, 1, 0x02),  # if A == SYN
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # else pass
)
_QUEUE_OFFSET = 8 + 4 * 4  # tcpi_unacked: for a listener, connections not yet accepted
_QUEUE_SECONDS = 0.5


def bind_as_set(settings: Settings) -> socket.socket:
    """Bind the path or the port that the settings name; the path is removed after a `with`.

    Raises:
        InvalidConfigurationException: nothing can listen there.
    """
    if settings.uds:
        from . import unix_socket

        return unix_socket.bind(settings.uds)
    return bind(settings.host, settings.port)


def port_of(listener: socket.socket) -> int:
    """The port of a bound socket, 0 for a Unix domain socket: nobody's port."""
    return 0 if is_unix(listener) else listener.getsockname()[1]


def is_unix(listener: socket.socket) -> bool:
    """Whether it is a Unix domain socket: its peers have no addresses."""
    return listener.family == getattr(socket, "AF_UNIX", None)


def _wanted(name: str) -> str:
    """What to give instead of a host that cannot be found."""
    if name.count(":") == 1 and name.rpartition(":")[2].isdigit():
        return "the port with --port, and an address"
    return "an address"


def bind(host: str, port: int) -> socket.socket:
    """Bind, but do not listen: listening is what says "ready".

    Args:
        host: a name or address, IPv4 or IPv6, `[::1]` allowed.
        port: 0 for any free one.

    Raises:
        InvalidConfigurationException: the address is unknown, taken or not allowed.
    """
    name = _without_brackets(host)
    try:
        # As bytes: text is looked at by a codec for international names, which is large.
        node = name.encode() if name.isascii() else name
        found = socket.getaddrinfo(
            node or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError) as error:
        raise InvalidConfigurationException(
            f"Cannot listen on host {host!r}: {_reason(error)}. Give {_wanted(name)} of this "
            "machine with --host, such as 0.0.0.0, 127.0.0.1 or ::."
        ) from None
    # A name that has both kinds of address (localhost) means the IPv4 one, as it always has.
    family, kind, proto, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
    listener = socket.socket(family, kind, proto)
    try:
        _prepare(listener, takes_both=name == "::")
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise InvalidConfigurationException(refusal(host, port, error)) from None
    return listener


def _prepare(listener: socket.socket, *, takes_both: bool) -> None:
    if sys.platform != "win32":
        # On Windows the option would let a second server take the port over.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it; without, each part of a stream waits for the client's delayed
    # acknowledgement (some 40 ms), as the engine does not set it itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if listener.family == socket.AF_INET6 and takes_both:
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)


def like(listener: socket.socket) -> socket.socket:
    """Another socket as `bind` makes them, not yet bound.

    Raises:
        OSError: there are no more.
    """
    made = socket.socket(listener.family, listener.type, listener.proto)
    try:
        _prepare(made, takes_both=listener.getsockname()[0] == "::")
    except OSError:
        made.close()
        raise
    return made


def limit_sending(listener: socket.socket, seconds: float) -> None:
    """Have the kernel end connections that take nothing of what is sent for so long (on Linux).

    Connections inherit it. It counts whether the client keeps its window shut or is gone.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    milliseconds = min(math.ceil(seconds * 1000), 2**31 - 1)
    if option is not None and seconds:
        with contextlib.suppress(OSError):  # a kernel that only looks like Linux
            listener.setsockopt(socket.IPPROTO_TCP, option, milliseconds)


def find_the_gone(listener: socket.socket) -> None:
    """Have the kernel ask silent clients whether they are there: a WebSocket may wait for ever.

    Connections inherit it. One that does not answer for two minutes is ended.
    """
    options = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
    with contextlib.suppress(OSError):  # a Unix domain socket
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in options.items():
            if hasattr(socket, name):
                listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def listen(listener: socket.socket, backlog: int) -> None:
    """Start listening on a bound socket.

    Raises:
        InvalidConfigurationException: another socket came first. Two bound sockets may share an
            address as long as neither listens, so the clash of two servers that start together
            shows only here.
    """
    try:
        listener.listen(backlog)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise InvalidConfigurationException(refusal(host, port, error)) from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def refusal(host: str, port: int, error: OSError) -> str:
    """Why nothing can listen there, and what to do."""
    where = f"{url_host(host)}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"Cannot listen on {where}: the port is in use. Choose another with --port or PORT."
    if error.errno == errno.EACCES:
        return (
            f"Cannot listen on {where}: permission denied. "
            "Choose a port of 1024 or above with --port or PORT."
        )
    return f"Cannot listen on {where}: {_reason(error)}. Choose another with --host and --port."


def url_host(host: str) -> str:
    """The host as a URL writes it: IPv6 addresses in brackets."""
    bare = _without_brackets(host)
    return f"[{bare}]" if ":" in bare else bare


def _without_brackets(host: str) -> str:
    return host.strip().removeprefix("[").removesuffix("]")


def refuse_new(listeners: Sequence[socket.socket]) -> None:
    """Stop new connections from being made while those already made can still be accepted.

    Closing a listener resets every connection the kernel made and nobody accepted. A filter that
    drops SYNs leaves the queue to be emptied first; clients that come later retry their SYN and
    find the port closed, or the next server. Best effort where there are no such filters. Nobody
    connects to a Unix domain socket whose file is gone.

    Args:
        listeners: of one server. All are waited for at once: their workers end after that.
    """
    queues = [queue for listener in listeners if (queue := _refusing(listener))]
    until = time.monotonic() + _QUEUE_SECONDS
    empty = 0
    # Twice: a handshake's last packet may be on its way when the queues are first seen empty.
    while queues and empty < 2 and time.monotonic() < until:
        with contextlib.suppress(OSError):
            empty = 0 if any(has_queue() for has_queue in queues) else empty + 1
        time.sleep(0.005)


def _refusing(listener: socket.socket) -> Callable[[], bool] | None:
    """Refuse new connections to one; what tells whether some wait, None where nothing does."""
    if is_unix(listener):
        from .unix_socket import UnixListener

        if isinstance(listener, UnixListener):
            listener.remove()
            return listener.has_queue
    elif sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            set_program(listener, _SO_ATTACH_FILTER, _DROP_NEW)
            return lambda: _has_queue(listener)
    return None


def set_program(
    listener: socket.socket, option: int, steps: Sequence[tuple[int, int, int, int]]
) -> None:
    """Set an option that takes a program of classic BPF (`struct sock_fprog`).

    Args:
        listener: the socket.
        option: of SOL_SOCKET.
        steps: code, where to jump if so and if not, and operand, of each.

    Raises:
        OSError: the kernel does not take it.
    """
    from array import array  # only for a few servers, and at the end of others

    code = array("B", b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HL", len(steps), code.buffer_info()[0])
    listener.setsockopt(socket.SOL_SOCKET, option, program)


def stop_accepting(listener: socket.socket) -> None:
    """Let this process accept no more on a socket that others go on listening on (on Linux).

    The engine can only close, and would close a connection whose request is still on its way. Put
    another socket in the place of every descriptor of the listener, then nothing arrives there;
    and wait for the first bytes of what was accepted a moment ago. Elsewhere, close it.

    What took its place is left open, and is the engine's: connections that others accept still wake
    the engine, which would try to accept from a closed descriptor again and again.
    """
    if not sys.platform.startswith("linux"):
        listener.close()
        return
    from . import connections, descriptors

    wanted = os.fstat(listener.fileno())
    with socket.socket(socket.AF_UNIX) as stand_in:
        stand_in.bind("")  # a name that nobody knows (unix(7), autobind)
        stand_in.listen(1)
        stand_in.setblocking(False)  # noqa: FBT003
        for number in descriptors.numbers():
            with contextlib.suppress(OSError):  # that of the list itself is closed by now
                found = os.fstat(number)
                if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                    os.dup2(stand_in.fileno(), number, inheritable=False)
    listener.detach()
    connections.wait_for_first_bytes()


def _has_queue(listener: socket.socket) -> bool:
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return struct.unpack_from("I", info, _QUEUE_OFFSET)[0] > 0  # type: ignore[no-any-return]
