from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from dashboard.node_sockets import bind_node_socket, connect_to_node, node_socket_path


@pytest.mark.parametrize("name", ["data", "a-folder-with-a-long-name" * 8])
def test_a_process_is_reached_by_its_file_and_only_by_its_own_user(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    with bind_node_socket(folder, "n1") as listening:
        path = node_socket_path(folder, "n1")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with connect_to_node(f"unix:{path}", 1) as client:
            accepted, _ = listening.accept()
            client.sendall(b"hello")
            assert accepted.recv(5) == b"hello"
            accepted.close()


def test_files_of_ended_processes_are_removed_and_others_stay(tmp_path: Path) -> None:
    bind_node_socket(tmp_path, "ended").close()
    with bind_node_socket(tmp_path, "runs"), bind_node_socket(tmp_path, "new"):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["node-new.sock", "node-runs.sock"]


def test_an_address_may_be_of_another_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect_to_node(f"tcp:127.0.0.1:{server.getsockname()[1]}", 1).close()
    with pytest.raises(FileNotFoundError):
        connect_to_node(f"unix:{tmp_path / 'nobody'}", 1)
