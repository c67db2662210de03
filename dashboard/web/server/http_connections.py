"""HTTP connections of this process (not WebSockets): bounds on idle connections and on the bytes of unread answers.

A connection is idle until the headers of a request have arrived.  When too many are idle, the oldest is closed.  A connection that
is idle for ``idle_timeout_s`` is closed: a sweep over all connections costs less than a timer for each request.  An answer has to
be read in time: a connection is closed if the client reads nothing for ``answer_timeout_s``, or less than ``_LEAST_PER_S`` bytes
a second after that time.  When all unread answers together have too many bytes, the client with the most bytes is disconnected.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import termios
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sized
from itertools import islice
from typing import Protocol

from tornado.iostream import IOStream

from dashboard.domain.counters import Counters

_SWEEP_S = 0.5
#: An answer may take longer the longer it is, as long as the client reads this many bytes a second.
_LEAST_PER_S = 16_384
#: Oldest idle connections that are searched for a connection that has sent nothing; if all have sent bytes, none is closed.
_LOOKED_AT = 32
#: Idle connections that are closed at once when file descriptors run out.
_ROOM = 32


class OpenConnection(Protocol):
    """Part of a connection that is needed to close it: Tornado's stream, or a ``QuickConnection``."""

    socket: socket.socket

    @property
    def _read_buffer(self) -> Sized:
        """Bytes that have arrived and are unread; Tornado has no public name for them."""

    def closed(self) -> bool:
        """Return whether the connection is closed."""

    def close(self) -> None:
        """Close the connection."""


class _Place:
    """Place of a connection among the idle ones, which another object for the same connection may take over."""

    __slots__ = ("connection",)

    def __init__(self, connection: OpenConnection) -> None:
        self.connection = connection

    def give(self, connection: OpenConnection) -> None:
        """Let another object stand for the connection."""
        self.connection = connection


class _Unread:
    """Answer that the client has not read to the end; times are monotonic seconds, indices count bytes of the stream."""

    __slots__ = ("began_at", "began_s", "read_s", "read_to")

    def __init__(self, at: int, now_s: float) -> None:
        self.began_at = self.read_to = at
        self.began_s = self.read_s = now_s


class HttpConnections:
    """Table of the open HTTP connections. ``monotonic`` gives seconds."""

    def __init__(
        self,
        *,
        max_idle: int,
        max_unread_bytes: int,
        answer_timeout_s: float,
        idle_timeout_s: float,
        counters: Counters,
        monotonic: Callable[[], float],
    ) -> None:
        self._max_idle = max_idle
        self._max_unread_bytes = max_unread_bytes
        self._answer_timeout_s = answer_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._counters = counters
        self._monotonic = monotonic
        self._networks: dict[OpenConnection, str] = {}
        self._idle: dict[_Place, float] = {}  # since when, the oldest first
        self._places: dict[OpenConnection, _Place] = {}  # of the idle connections
        self._unread: dict[IOStream, _Unread] = {}

    def __len__(self) -> int:
        return len(self._networks)

    def __iter__(self) -> Iterator[OpenConnection]:
        return iter(list(self._networks))

    @property
    def idle_count(self) -> int:
        """Number of connections that wait for a request."""
        return len(self._idle)

    @property
    def unread_bytes(self) -> int:
        """Bytes of answers that clients have not read."""
        return sum(map(_unread_of, self._unread))

    def open(self, stream: OpenConnection, network: str) -> None:
        """Add a new connection from a network."""
        self._networks[stream] = network

    def forget(self, stream: OpenConnection) -> None:
        """Remove a connection that has ended, or has become a WebSocket."""
        self._networks.pop(stream, None)
        self.begin(stream)
        if isinstance(stream, IOStream):
            self._unread.pop(stream, None)

    def replace(self, before: OpenConnection, stream: OpenConnection) -> None:
        """Let ``stream`` stand for the connection from now on. If it is idle, it has been so since the same time."""
        if before in self._networks:
            self._networks[stream] = self._networks.pop(before)
        if (place := self._places.pop(before, None)) is not None:
            place.give(stream)
            self._places[stream] = place

    def is_idle(self, stream: OpenConnection) -> bool:
        """Return whether a connection is idle."""
        return stream in self._places

    def wait(self, stream: OpenConnection) -> None:
        """Mark a connection as idle; close the oldest idle connection if there are too many."""
        self.begin(stream)
        place = self._places[stream] = _Place(stream)
        self._idle[place] = self._monotonic()
        if len(self._idle) > self._max_idle:
            self._close_an_idle_one()

    def begin(self, stream: OpenConnection) -> None:
        """Mark a connection as busy: the headers of a request have arrived."""
        if (place := self._places.pop(stream, None)) is not None:
            del self._idle[place]

    def _close_an_idle_one(self) -> None:
        for place in list(islice(self._idle, _LOOKED_AT)):
            stream = place.connection
            if stream.closed() or not _has_sent(stream):
                self._counters.http_closed["idle"] += 1
                self._close(stream)
                return

    def make_room(self) -> None:
        """Close the oldest idle connections, because file descriptors run out."""
        for _ in range(min(_ROOM, len(self._idle))):
            self._close_an_idle_one()

    def wrote(self, stream: IOStream) -> None:
        """Record that bytes of an answer are unread; if there are too many in all, disconnect the client with the most unread bytes."""
        if stream not in self._networks:
            return
        if stream not in self._unread:
            self._unread[stream] = _Unread(_taken_of(stream), self._monotonic())
        while self.unread_bytes > self._max_unread_bytes:
            self._counters.http_closed["unread"] += 1
            self._close(self._greediest())

    def _greediest(self) -> IOStream:
        """Return the connection with the most unread bytes in the network with the most unread bytes."""
        by_network: Counter[str] = Counter()
        for stream in self._unread:
            by_network[self._networks[stream]] += _unread_of(stream)
        (network, _), *_ = by_network.most_common(1)
        return max((each for each in self._unread if self._networks[each] == network), key=_unread_of)

    async def run(self) -> None:
        """Close clients that do not read their answers, and idle connections, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self.check()

    def check(self) -> None:
        """Close clients that do not read their answers in time, and connections that were idle for too long."""
        now_s = self._monotonic()
        self._close_idle_since(now_s - self._idle_timeout_s)
        for stream, unread in list(self._unread.items()):
            if stream.closed() or not stream.writing():
                del self._unread[stream]
                continue
            read_to = _taken_of(stream)
            if read_to != unread.read_to:
                unread.read_to, unread.read_s = read_to, now_s
            allowed_s = self._answer_timeout_s + (stream._total_write_index - unread.began_at) / _LEAST_PER_S
            if now_s - unread.read_s >= self._answer_timeout_s or now_s - unread.began_s >= allowed_s:
                self._counters.http_closed["slow"] += 1
                self._close(stream)

    def _close_idle_since(self, horizon_s: float) -> None:
        """Close the connections that have been idle since ``horizon_s`` or longer, unless a request is just arriving."""
        stale: list[OpenConnection] = []
        for place, since_s in self._idle.items():
            if since_s > horizon_s:
                break
            stale.append(place.connection)
        for stream in stale:
            begun = stream._read_buffer or _has_sent(stream)  # the headers have a time limit of their own
            if stream.closed() or not begun:
                self._close(stream)

    def _close(self, stream: OpenConnection) -> None:
        self.begin(stream)
        if isinstance(stream, IOStream):
            self._unread.pop(stream, None)
        stream.close()


def _unread_of(stream: IOStream) -> int:
    return 0 if stream.closed() else stream._total_write_index - stream._total_write_done_index


def _taken_of(stream: IOStream) -> int:
    """Return how many bytes the client's machine has received: written bytes minus those in this kernel's buffer, which may be large."""
    waiting = array("i", [0])
    try:
        fcntl.ioctl(stream.fileno(), termios.TIOCOUTQ, waiting)
    except OSError:  # not every system has TIOCOUTQ
        waiting[0] = 0
    return stream._total_write_done_index - waiting[0]  # Tornado has no public name for it


def _has_sent(stream: OpenConnection) -> bool:
    """Return whether the client has sent bytes that have not been read yet."""
    try:
        return bool(socket.socket.recv(stream.socket, 1, socket.MSG_PEEK))  # SSLSocket.recv cannot peek
    except OSError:
        return False
