"""Sockets by which the processes of an installation reach each other: a Unix socket in the data folder, and on request a TCP socket.

A process serves its HTTP routes on these sockets, too. Only the server's own user may open the Unix socket. Its file name
contains the id that a process gets at its start, so two processes are never confused, even if the path is the same on another
machine.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

_PREFIX, _SUFFIX = "node-", ".sock"
#: Longest path in the address of a UNIX socket, as Linux limits it.
_MAX_PATH = 107


def bind_node_socket(folder: Path, node_id: str) -> socket.socket:
    """Return the listening socket of the process ``node_id``, and remove the files of processes that have ended; raises
    OSError."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        if not _is_served(path):
            path.unlink(missing_ok=True)
    path = node_socket_path(folder, node_id)
    listening = socket.socket(socket.AF_UNIX)
    listening.setblocking(False)
    before = os.umask(0o177)
    try:
        _with_short_path(path, listening.bind)
    finally:
        os.umask(before)
    listening.listen(128)
    return listening


def node_socket_path(folder: Path, node_id: str) -> Path:
    """Return the path of the socket of the process ``node_id``."""
    return folder.absolute() / f"{_PREFIX}{node_id}{_SUFFIX}"


def connect_to_node(address: str, timeout_s: float) -> socket.socket:
    """Return a connection to an address that a process has announced, ``unix:PATH`` or ``tcp:HOST:PORT``; raises OSError."""
    kind, _, rest = address.partition(":")
    if kind == "tcp":
        host, _, port = rest.rpartition(":")
        return socket.create_connection((host, int(port)), timeout_s)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout_s)
    try:
        _with_short_path(Path(rest), connection.connect)
    except OSError:
        connection.close()
        raise
    return connection


def _is_served(path: Path) -> bool:
    try:
        connect_to_node(f"unix:{path}", 1.0).close()
    except OSError:
        return False
    return True


def _with_short_path(path: Path, call: Callable[[str], None]) -> None:
    """Call ``call`` with the path, or with a short path to the same file if the path is too long for a socket's address."""
    if len(os.fsencode(path)) <= _MAX_PATH:
        call(str(path))
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        call(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
