"""Connection that answers short requests of feeders from its socket, without Tornado's steps.

For a POST of one sample, reading the request in steps, making a handler and sending an answer in steps take longer than all else.
Here, a request that has arrived whole, and whose head is known (``quick_heads.py``), is one call; its answer is one ``send``.
At the first request of another kind, the connection goes over to Tornado with all its unread bytes, for the rest of its life.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

from tornado.gen import convert_yielded

from dashboard.web.server.http_connections import HttpConnections
from dashboard.web.server.quick_heads import LeftToHandler, QuickHeads
from dashboard.web.server.taken_over import SocketAddress, TakenOver

_HEAD_END = b"\r\n\r\n"
_READ_BYTES = 65_536
#: Bytes of further requests that are read before the present one is answered.
_MOST_WAITING_BYTES = 65_536
#: A body that is not whole after this time is left to Tornado, which has a deadline for bodies.
_ARRIVES_S = 0.25


class Counting(Protocol):
    """Count of running requests (``context.py``)."""

    def begin(self) -> None:
        """Count a new request."""

    def end(self) -> None:
        """Count a request as ended."""


class QuickServices(NamedTuple):
    """Services of all quick connections. ``hand_over``: lets Tornado serve a connection."""

    heads: QuickHeads
    connections: HttpConnections
    requests: Counting
    hand_over: Callable[[TakenOver], None]


class QuickConnection:
    """A client's connection as long as all its requests are short and known. ``start`` begins to read."""

    __slots__ = (
        "_address", "_has_ended", "_is_open", "_is_reading", "_loop", "_read_buffer", "_running", "_services", "_timer", "socket",
    )  # fmt: skip

    def __init__(self, accepted: socket.socket, address: SocketAddress, services: QuickServices) -> None:
        self.socket = accepted
        self._address = address
        self._services = services
        self._loop = asyncio.get_running_loop()
        self._read_buffer = b""
        self._is_open = True
        self._is_reading = False  # the loop calls ``_receive``
        self._running: asyncio.Future[None] | None = None  # a request is being handled
        self._has_ended = False  # the client sends no more
        self._timer: asyncio.TimerHandle | None = None

    def start(self, network: str) -> None:
        """Count the connection, and handle the request that may have arrived already. ``network``: the client's."""
        self.socket.setblocking(False)
        with suppress(OSError):  # the client has left
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._services.connections.open(self, network)
        self._services.connections.wait(self)
        self._receive()

    def closed(self) -> bool:
        """Return whether the connection was closed, or has gone over to Tornado."""
        return not self._is_open

    def close(self) -> None:
        """Close the connection. The answer to a request that is being handled is not sent."""
        if self._is_open:
            self._leave()
            self._services.connections.forget(self)
            self.socket.close()

    def _leave(self) -> None:
        self._is_open = False
        self._pause()
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pause(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self.socket)

    def _read_on(self) -> None:
        if not self._is_reading and not self._has_ended and self._is_open:
            self._is_reading = True
            self._loop.add_reader(self.socket, self._receive)

    def _receive(self) -> None:
        """Read what has arrived; called by the loop when there is something."""
        try:
            some = self.socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            self._read_on()
            return
        except OSError:
            self.close()
            return
        self._read_buffer = self._read_buffer + some if self._read_buffer else some
        if self._running is not None:
            self._has_ended |= not some
            if self._has_ended or len(self._read_buffer) > _MOST_WAITING_BYTES:
                self._pause()
        elif some:
            self._take()
        else:
            self.close()

    def _take(self) -> None:
        """Begin the first unread request, wait for its rest, or let Tornado serve the connection."""
        received = self._read_buffer
        head_end = received.find(_HEAD_END) + len(_HEAD_END)
        known = self._services.heads.find(self._address[0], received[:head_end]) if head_end >= 4 else None
        if known is None:
            self._hand_over()
            return
        end = head_end + known.length
        self._services.connections.begin(self)
        if len(received) < end:
            if self._timer is None:
                self._timer = self._loop.call_later(_ARRIVES_S, self._hand_over)
            if self._has_ended:
                self.close()
            self._read_on()
            return
        self._stop_timer()
        work = None
        with suppress(Exception):  # a handler meets it again, answers and logs it
            work = known.work.begin(received[head_end:end])
        if work is None:
            self._hand_over()
            return
        self._services.requests.begin()
        self._running = convert_yielded(self._serve(work, end))

    async def _serve(self, work: Awaitable[bytes], end: int) -> None:
        """Handle and answer the first unread request, which has ``end`` bytes."""
        try:
            answer = await work
        except LeftToHandler:
            self._running = None
            if self._is_open:
                self._hand_over()
        except Exception as error:  # noqa: BLE001 - a handler answers and logs it
            self._running = None
            if self._is_open:
                self._hand_over(failed=error)
        else:
            self._running = None
            if self._is_open:
                self._read_buffer = self._read_buffer[end:]
                self._send(answer)
        finally:
            self._services.requests.end()

    def _send(self, answer: bytes) -> None:
        """Send an answer, then go on with the next request."""
        try:
            sent = self.socket.send(answer)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return
        if sent < len(answer):
            self._hand_over(unsent=answer[sent:])
        elif self._read_buffer:
            self._take()
        elif self._has_ended:
            self.close()
        else:
            self._services.connections.wait(self)
            self._read_on()

    def _hand_over(self, *, unsent: bytes = b"", failed: Exception | None = None) -> None:
        received, self._read_buffer = self._read_buffer, b""
        self._leave()
        self._services.hand_over(TakenOver(self, self._address, received, unsent, failed))
