"""Acceptor of connections on a listening socket. When file descriptors run out, it waits and logs one line a minute.

In that case Tornado's own acceptor raises again and again while a client waits: thousands of tracebacks a second.  The last
descriptors are kept for files and databases, so that requests are still served.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import Callable

from dashboard.web.server.taken_over import SocketAddress

_log = logging.getLogger(__name__)

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: Connections accepted in one turn of the loop.
_AT_ONCE = 128
_PAUSE_S = 0.5
#: File descriptors that connections do not take, or an eighth of a small number.
_RESERVED = 64
_SAID_EVERY_S = 60.0


class Acceptor:
    """Acceptor of one listening socket. ``accepted`` is called with each connection and its address.

    ``fault``: the reason why no connection can be accepted now, else empty.  ``make_room``: called when descriptors run out, to
    close connections that can be spared.
    """

    def __init__(
        self,
        listening: socket.socket,
        accepted: Callable[[socket.socket, SocketAddress], None],
        make_room: Callable[[], None],
    ) -> None:
        self._listening = listening
        self._accepted = accepted
        self._make_room = make_room
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._said_s = -_SAID_EVERY_S
        self.fault = ""
        self._loop.add_reader(listening, self._accept)

    def stop(self) -> None:
        """Accept no further connections."""
        self._loop.remove_reader(self._listening)
        if self._pause is not None:
            self._pause.cancel()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            if self._listening.fileno() < 0:  # the connection before has stopped the server
                return
            try:
                connection, address = self._listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._wait(f"no connection can be accepted: {error.strerror}")
                return
            self._accepted(connection, address)
            if connection.fileno() >= _most_descriptors():
                self._wait("hardly any file descriptors are left: connections are accepted slowly")
                return
            self.fault = ""

    def _wait(self, fault: str) -> None:
        self.fault = fault
        self._make_room()
        if self._loop.time() - self._said_s >= _SAID_EVERY_S:
            self._said_s = self._loop.time()
            _log.warning("%s; allow more open files (ulimit -n, LimitNOFILE=), or fewer max_connections", self.fault)
        self._loop.remove_reader(self._listening)
        self._pause = self._loop.call_later(_PAUSE_S, self._loop.add_reader, self._listening, self._accept)


def _most_descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft - min(_RESERVED, soft // 8)
