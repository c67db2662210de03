"""Acceptor of connections on a listening socket. Without file descriptors it waits, and says so in one line a minute.

Tornado's own acceptor raises then, at once again for as long as a client waits: thousands of tracebacks a second.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

_log = logging.getLogger(__name__)

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: Connections accepted in one turn of the loop.
_AT_ONCE = 128
_PAUSE_S = 0.5
_SAID_EVERY_S = 60.0


class Acceptor:
    """``accepted`` gets each connection and its address. ``fault``: why none can be accepted now; empty: they can."""

    def __init__(self, listening: socket.socket, accepted: Callable[[socket.socket, object], None]) -> None:
        self._listening = listening
        self._accepted = accepted
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
                self._wait(error)
                return
            self.fault = ""
            self._accepted(connection, address)

    def _wait(self, error: OSError) -> None:
        self.fault = f"no connection can be accepted: {error.strerror}"
        if self._loop.time() - self._said_s >= _SAID_EVERY_S:
            self._said_s = self._loop.time()
            _log.warning("%s; allow more open files (ulimit -n, LimitNOFILE=), or fewer max_connections", self.fault)
        self._loop.remove_reader(self._listening)
        self._pause = self._loop.call_later(_PAUSE_S, self._loop.add_reader, self._listening, self._accept)
