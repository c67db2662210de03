"""Sockets for datagrams, UDP and Unix, read in bursts between which the event loop runs other tasks.

Between the bursts the kernel's buffer holds the datagrams. The kernel drops the datagrams that do not fit, and counts the dropped
datagrams (SO_MEMINFO).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import stat
import struct
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

_BUFFER_BYTES = 8 << 20
_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55  # Linux, not in the socket module
_MEMINFO = struct.Struct("9I")
_DROPS = 8  # SK_MEMINFO_DROPS
#: A burst ends after ``_BURST_S``, checked every ``_LOOKED_AT_EVERY`` datagrams. If more wait, other tasks run for ``_BREATH_S``.
_BURST_S = 0.002
_LOOKED_AT_EVERY = 8
#: After a datagram that is longer than ``_SHORT_BYTES`` it is checked at once; one that is longer than a piece is processed piece by
#: piece, in several bursts if need be.
_SHORT_BYTES = 512
_PIECE_BYTES = 4_096
_BREATH_S = 0.001
#: Most bursts read by ``drain``; datagrams beyond them are lost.
_LAST_BURSTS = 20
#: Every user who may enter the folder may send, as to a port of the machine.
_UNIX_MODE = 0o622


async def bind_udp(host: str, port: int) -> socket.socket:
    """Return a bound UDP socket; raises OSError."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (
        await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        # of two sockets the newer one gets all datagrams, so there is no need to wait for a process that hangs
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _prepare(made)
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made


def bind_unix(path: str) -> socket.socket:
    """Return a socket at a path, replacing an existing socket; raises OSError if there is a file of another kind."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise FileExistsError(f"{path} exists and is not a socket")
        Path(path).unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        _prepare(made)
        made.bind(path)
        Path(path).chmod(_UNIX_MODE)
    except BaseException:
        made.close()
        raise
    return made


def _prepare(made: socket.socket) -> None:
    made.setblocking(False)
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    except OSError:  # not allowed: the kernel limits it to net.core.rmem_max
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)


class DatagramReader:
    """Reader of one socket, in bursts. ``begin`` is called before a burst and returns the handler of its datagrams.

    ``end`` is called after the burst with the number of datagrams.
    """

    def __init__(
        self,
        of: socket.socket,
        begin: Callable[[], Callable[[bytes], object]],
        end: Callable[[int], None],
        *,
        max_bytes: int,
    ) -> None:
        self._of = of
        self._begin = begin
        self._end = end
        self._max_bytes = max_bytes
        self._drops = 0
        self._pieces: deque[bytes] = deque()  # of the last datagram, which the next burst continues

    def start(self) -> None:
        """Begin to read."""
        asyncio.get_running_loop().add_reader(self._of, self._take_burst)

    def drain(self) -> None:
        """Read the datagrams still in the kernel's buffer, at most ``_LAST_BURSTS`` bursts, and stop reading."""
        asyncio.get_running_loop().remove_reader(self._of)
        for _ in range(_LAST_BURSTS):
            if self._take_burst():
                return
        self._take_pieces(self._begin(), math.inf)  # of a datagram that was begun
        self._end(0)

    def close(self) -> None:
        """Close the socket."""
        asyncio.get_running_loop().remove_reader(self._of)
        self._of.close()

    def drops(self) -> int:
        """Return the number of datagrams that the kernel dropped since the last call; 0 if the kernel does not count them."""
        try:
            drops = int(_MEMINFO.unpack(self._of.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS])
        except (OSError, struct.error):
            return 0
        before, self._drops = self._drops, drops
        return (drops - before) % 2**32

    def _take_burst(self) -> bool:
        """Process waiting datagrams; return True if none is left, False if the burst's time ran out first."""
        loop, receive, take = asyncio.get_running_loop(), self._of.recv, self._begin()
        until, taken, goes_on = loop.time() + _BURST_S, 0, bool(self._pieces)
        is_empty = self._take_pieces(take, until)
        try:
            while is_empty and (not taken or taken % _LOOKED_AT_EVERY or loop.time() < until):
                data = receive(self._max_bytes)
                taken += 1
                if len(data) <= _SHORT_BYTES:
                    take(data)
                else:
                    self._pieces.extend(pieces_of_lines(data))
                    is_empty = self._take_pieces(take, until)
        except BlockingIOError:
            is_empty = True
        else:
            is_empty = False
            if loop.remove_reader(self._of):
                loop.call_later(_BREATH_S, self._listen_again)
        if taken or goes_on:
            self._end(taken)
        return is_empty

    def _take_pieces(self, take: Callable[[bytes], object], until: float) -> bool:
        """Process the pieces of the last datagram; return False if the burst's time ran out."""
        loop = asyncio.get_running_loop()
        while self._pieces:
            take(self._pieces.popleft())
            if loop.time() >= until:
                return False
        return True

    def _listen_again(self) -> None:
        if self._of.fileno() >= 0:
            self.start()
            if self._pieces:
                self._take_burst()


def pieces_of_lines(data: bytes, at_most: int = _PIECE_BYTES) -> Iterator[bytes]:
    """Yield the lines of ``data`` in pieces of at most ``at_most`` bytes, or of one longer line."""
    at = 0
    while len(data) - at > at_most:
        end = data.rfind(b"\n", at, at + at_most)
        if end <= at:
            end = data.find(b"\n", at + 1)
        if end < 0:
            break
        yield data[at:end]
        at = end + 1
    yield data[at:]
