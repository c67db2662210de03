"""Sockets for datagrams, UDP and Unix, read in bursts between which the loop goes on with everything else.

What does not fit into the kernel's buffer meanwhile is dropped there, and the kernel says how many datagrams that were (SO_MEMINFO,
exact whenever it is asked).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path

_BUFFER_BYTES = 8 << 20
_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55  # Linux, not in the socket module
_MEMINFO = struct.Struct("9I")
_DROPS = 8  # SK_MEMINFO_DROPS
#: A burst ends after so long, looked at every so many datagrams; when more waits, the others get the loop for a while.
_BURST_S = 0.002
_LOOKED_AT_EVERY = 8
_BREATH_S = 0.001
#: Bursts that are taken from the kernel's buffer at the end.
_LAST_BURSTS = 20
#: Whoever may enter the folder may send, as to a port of the machine.
_UNIX_MODE = 0o622


async def bind_udp(host: str, port: int) -> socket.socket:
    """Return a UDP socket that is bound; raises OSError."""
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, address = (
        await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        # of two the newer one gets it all: no waiting for one that hangs
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _prepare(made)
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made


def bind_unix(path: str) -> socket.socket:
    """Return a socket at a path, in the place of one that is there; raises OSError when something else is there."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise FileExistsError(f"{path} is there and no socket")
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
    except OSError:  # not allowed: as much as net.core.rmem_max lets us have
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)


class DatagramReader:
    """Reads one socket. ``begin`` gives what takes the datagrams of a burst; ``end`` gets how many there were."""

    def __init__(
        self,
        of: socket.socket,
        begin: Callable[[], Callable[[bytes], None]],
        end: Callable[[int], None],
        *,
        max_bytes: int,
    ) -> None:
        self._of = of
        self._begin = begin
        self._end = end
        self._max_bytes = max_bytes
        self._drops = 0

    def start(self) -> None:
        """Read what comes from now on."""
        asyncio.get_running_loop().add_reader(self._of, self._take_burst)

    def drain(self) -> None:
        """Take what the kernel still holds, as far as that is soon done; nothing is read afterwards."""
        asyncio.get_running_loop().remove_reader(self._of)
        for _ in range(_LAST_BURSTS):
            if self._take_burst():
                break

    def close(self) -> None:
        """Close the socket."""
        asyncio.get_running_loop().remove_reader(self._of)
        self._of.close()

    def drops(self) -> int:
        """Return datagrams that the kernel dropped since it was asked last; 0 where it does not say."""
        try:
            drops = int(_MEMINFO.unpack(self._of.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS])
        except (OSError, struct.error):
            return 0
        before, self._drops = self._drops, drops
        return (drops - before) % 2**32

    def _take_burst(self) -> bool:
        """Take datagrams until there are none (True), or it is time for others."""
        loop, receive, take = asyncio.get_running_loop(), self._of.recv, self._begin()
        until, taken = loop.time() + _BURST_S, 0
        try:
            while taken % _LOOKED_AT_EVERY or loop.time() < until:
                take(receive(self._max_bytes))
                taken += 1
        except BlockingIOError:
            is_empty = True
        else:
            is_empty = False
            if loop.remove_reader(self._of):
                loop.call_later(_BREATH_S, self._listen_again)
        if taken:
            self._end(taken)
        return is_empty

    def _listen_again(self) -> None:
        if self._of.fileno() >= 0:
            self.start()
