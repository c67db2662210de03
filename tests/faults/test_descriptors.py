"""Running out of file descriptors: a process that may open few files says so in one line, keeps what it has, and recovers."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path

import pytest

from tests.support.deadline import wait_until
from tests.support.server import ServerProcess


def limit(server: ServerProcess, *, more: int) -> None:
    """Let the process open only so many more files."""
    assert server.process is not None
    pid = server.process.pid
    top = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (top + 1 + more, hard))


def connect(server: ServerProcess, count: int, first: bytes) -> list[socket.socket]:
    found = []
    for _ in range(count):
        found.append(socket.create_connection(("127.0.0.1", server.port)))
        found[-1].sendall(first)
    return found


#: A WebSocket lives on; an idle HTTP connection makes room.
HELLO = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
)
HELLO += b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"


@pytest.mark.parametrize("first", [b"", HELLO])
def test_a_process_without_file_descriptors_says_so_once_and_recovers(tmp_path: Path, first: bytes) -> None:
    server = ServerProcess(tmp_path, "--hello-s", "60").start()
    try:
        assert server.request("GET", "/readyz")[0] == 200
        limit(server, more=40)
        clients = connect(server, 120, first)
        if first:  # sockets take all there are: nobody else gets in until some go
            wait_until(lambda: "file descriptors are left" in server.log.read_text(), what=server.log.read_text)
        else:
            assert server.request("GET", "/readyz")[0] == 200
            assert server.request("GET", "/login")[0] == 200
        for client in clients:
            client.close()
        wait_until(lambda: server.request("GET", "/readyz")[0] == 200)
        lines = [line for line in server.log.read_text().splitlines() if line]
        assert len(lines) <= 1, "\n".join(lines[:20])
        assert all("allow more open files" in line for line in lines), lines[0]
    finally:
        server.stop()
