"""What the kernel tells of clients' connections, and resetting one from under the engine.

A response that fails halfway must not look whole. The engine sees to it, but not over HTTP/1.0,
where the end of the connection is the end of the body. There it is reset: found among this
process's descriptors by the peer's address and, as the engine does not tell the peer's port of a
plain function's call, by the moment it last sent something.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import struct
import sys
import time
from typing import TYPE_CHECKING

from .descriptors import borrowed, numbers, shut_down

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STATE_ESTABLISHED = 1
_STATE_CLOSE_WAIT = 8
_STATES = {_STATE_ESTABLISHED, _STATE_CLOSE_WAIT}
_SEGMENTS_SENT_OFFSET = 8 + 4 * 37  # tcpi_data_segs_out
_LAST_SENT_OFFSET = 8 + 4 * 9  # tcpi_last_data_sent: milliseconds ago
_LAST_RECEIVED_OFFSET = 8 + 4 * 11  # tcpi_last_data_recv: milliseconds ago
_LAST_ACKNOWLEDGED_OFFSET = 8 + 4 * 12  # tcpi_last_ack_recv: milliseconds ago
_A_MOMENT = 0.25
_FAMILIES = {socket.AF_INET, socket.AF_INET6}
_EARLY = 0.005
_LATE = 0.025
_POLL_SECONDS = 0.02
_LONG_POLL_SECONDS = 0.25
_SEARCH_SECONDS = 2.0
_RECEIVED_OFFSET = 8 + 4 * 24 + 8 * 3  # tcpi_bytes_received
_FIRST_BYTES_SECONDS = 0.5


def _port_of(connection: socket.socket) -> int | None:
    try:
        return connection.getpeername()[1]  # type: ignore[no-any-return]
    except OSError:  # its client has left meanwhile
        return None


def has_hung_up(address: str) -> bool:
    """Whether a client at `address` ended its connection a moment ago, or none is left there.

    The engine holds on to a connection whose request is waited for, and closes others at once: so
    one that is still there after a while belongs to a request. False where the kernel does not
    tell (anywhere but on Linux), and where clients have no addresses.
    """
    if not address or not sys.platform.startswith("linux") or _is_quiet(address):
        return False
    ended, is_anyone_left = _ended(address, _A_MOMENT)
    if not ended:
        return not is_anyone_left
    time.sleep(_POLL_SECONDS)
    still, is_anyone_left = _ended(address, _A_MOMENT + 2 * _POLL_SECONDS)
    return not is_anyone_left or bool(ended & still)


def _is_quiet(address: str) -> bool:
    """Whether no client at all has hung up, and one at `address` is there.

    A tenth of what it costs to look at each connection, at the end of each body of unknown length.
    """
    found = numbers()
    poll = select.poll()
    for number in found:
        poll.register(number, select.POLLRDHUP)
    if any(event & select.POLLRDHUP for _, event in poll.poll(0)):
        return False
    for number in reversed(found):  # those of clients come last
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with borrowed(number) as item:
                if item.family in _FAMILIES and item.getpeername()[0] == address:
                    return True
    return False


def _ended(address: str, within: float) -> tuple[set[int | None], bool]:
    """The ports of clients that hung up so many seconds ago at most; whether one has not."""
    ports = set()
    is_anyone_left = False
    with _connections(address) as found:
        for item in found:
            info = item.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            is_anyone_left = is_anyone_left or info[0] == _STATE_ESTABLISHED
            # The end of a connection (FIN) acknowledges what was sent, so its moment is known.
            ago = struct.unpack_from("I", info, _LAST_ACKNOWLEDGED_OFFSET)[0] / 1000
            if info[0] == _STATE_CLOSE_WAIT and ago < within:
                ports.add(_port_of(item))
    return ports, is_anyone_left


def _idle_seconds(connection: socket.socket) -> tuple[float, float]:
    """How long ago a connection last sent, and last received something.

    Long if it is closed or has sent nothing: the kernel counts from its beginning then.
    """
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    if info[0] not in _STATES or not struct.unpack_from("I", info, _SEGMENTS_SENT_OFFSET)[0]:
        return 1e9, 0.0
    sent, received = (
        struct.unpack_from("I", info, offset)[0] / 1000
        for offset in (_LAST_SENT_OFFSET, _LAST_RECEIVED_OFFSET)
    )
    return sent, received


class _Break:
    """A stream that is broken off, and its connection to be found.

    Attributes:
        late: seconds in which the engine has sent what it was handed; more on a busy machine.
        before: ports of those that fitted at the last look, None before the first.
    """

    def __init__(self, address: str, last_sent: float) -> None:
        self.address = address
        self.last_sent = last_sent
        self.is_cut = False
        self.late = _LATE
        self.before: set[int | None] | None = None

    def sleep(self, seconds: float) -> None:
        """Sleep, and take the time that this thread was kept waiting for that of the engine's."""
        before = time.monotonic()
        time.sleep(seconds)
        self.late = max(self.late, _LATE + 2 * (time.monotonic() - before - seconds))

    def fits(self, sent: float) -> bool:
        """Whether its connection can be one that last sent something then."""
        return self.last_sent - _EARLY <= sent <= self.last_sent + self.late


_breaks: list[_Break] = []


def reset_sender(address: str, last_sent: float, in_doubt: Callable[[], object]) -> bool:
    """Reset the one connection to `address` that last sent something at `last_sent`.

    Others that fit by chance send or close sooner or later, so where several fit it looks again
    until one is left, or those left are all of broken streams; nothing else may be sent meanwhile.
    Two looks have to agree, as the engine may not have sent yet what it was handed.

    Args:
        address: the peer's address.
        last_sent: `time.monotonic()` when its last data was handed to the engine.
        in_doubt: called once when that takes long.

    Returns:
        False when none fits: it is closed, or the kernel does not tell (anywhere but on Linux).
    """
    if not sys.platform.startswith("linux"):
        return False
    wanted = _Break(address, last_sent)
    _breaks.append(wanted)
    long, is_told, pause = time.monotonic() + _SEARCH_SECONDS, False, _POLL_SECONDS
    try:
        while True:
            wanted.sleep(pause)
            if _is_settled(wanted):
                return wanted.is_cut
            if time.monotonic() > long:
                pause = _LONG_POLL_SECONDS
                if not is_told:
                    is_told = True
                    in_doubt()
    finally:
        _breaks.remove(wanted)


def _is_settled(wanted: _Break) -> bool:
    """Reset the connection that is wanted if it can be told; whether that is all there is to do."""
    with _connections(wanted.address) as found:
        now = time.monotonic()
        sent = {item: now - _idle_seconds(item)[0] for item in found}
        group, fitting = _belonging(wanted, sent)
        before, wanted.before = wanted.before, set(map(_port_of, fitting))
        if len(fitting) > len(group) or wanted.before != before:
            return False
        for item in fitting:
            with contextlib.suppress(OSError):  # its client has left meanwhile
                shut_down(item, is_reset=True)
        for one in group if fitting else []:
            one.is_cut = True
    return True


def _belonging(
    wanted: _Break, sent: dict[socket.socket, float]
) -> tuple[list[_Break], list[socket.socket]]:
    """The broken streams that may be taken for each other, and the connections that fit them."""
    near = [item for item in list(_breaks) if item.address == wanted.address]
    group = [wanted]
    while True:
        fitting = [item for item, at in sent.items() if any(one.fits(at) for one in group)]
        wider = [one for one in near if any(one.fits(sent[item]) for item in fitting)]
        if len(wider) <= len(group):
            return group, fitting
        group = wider


def wait_for_first_bytes() -> None:
    """Wait, half a second at most, while a client that is connected has not sent anything yet.

    Browsers connect in advance and may never do so. Only on Linux, whose kernel tells.
    """
    until = time.monotonic() + _FIRST_BYTES_SECONDS
    while time.monotonic() < until:
        with _connections() as found:
            if not any(map(_has_sent_nothing, found)):
                return
        time.sleep(_POLL_SECONDS)


def _has_sent_nothing(connection: socket.socket) -> bool:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return info[0] == _STATE_ESTABLISHED and _bytes_received(info) == 0


def _bytes_received(info: bytes) -> int:
    return struct.unpack_from("Q", info, _RECEIVED_OFFSET)[0]  # type: ignore[no-any-return]


@contextlib.contextmanager
def _connections(address: str | None = None) -> Iterator[list[socket.socket]]:
    """This process's connections to `address` (any: None), borrowed until the end."""
    with contextlib.ExitStack() as borrowings:
        found = []
        for number in numbers():
            # A descriptor may be closed at any moment by the thread that owns it.
            with contextlib.suppress(OSError):
                if stat.S_ISSOCK(os.fstat(number).st_mode):
                    item = borrowings.enter_context(borrowed(number))
                    if item.family not in _FAMILIES or item.type != socket.SOCK_STREAM:
                        continue
                    peer = item.getpeername()[0]
                    if address is None or peer == address:
                        found.append(item)
        yield found
