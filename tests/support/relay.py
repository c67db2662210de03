"""A TCP relay before a server that can lose answers which the server has sent, and that can speak TLS to its clients."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from tests.support.deadline import scaled


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for 127.0.0.1, and its key, by the openssl command."""
    files = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True, timeout=scaled(30))
    return files


class Relay:
    """Relay of connections. ``lose``: for this number of connections from now on, the answer is read to its end and thrown away."""

    def __init__(self, target_port: int, *, lose: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._target_port = target_port
        self.lose = lose
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Relay:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(scaled(10))
        for each in (*self._open, self._listener):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
                if self._tls is not None:
                    client = self._tls.wrap_socket(client, server_side=True)
            except ssl.SSLError:
                continue  # a client that did not trust the certificate
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target_port))
            lost, self.lose = self.lose > 0, max(0, self.lose - 1)
            self._open += [client, server]
            for pair in ((client, server, False), (server, client, lost)):
                self._threads.append(threading.Thread(target=_pump, args=pair))
                self._threads[-1].start()


def _pump(source: socket.socket, target: socket.socket, lost: bool) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            if not lost:
                target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR if lost else socket.SHUT_WR)
