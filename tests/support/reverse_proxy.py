"""A reverse proxy as a process of its own, as nginx or haproxy does its work: it ends TLS or takes plain HTTP, appends to
``X-Forwarded-For``, sets ``X-Forwarded-Proto``, and passes WebSockets through. Shares no code with the server.

``python -m tests.support.reverse_proxy TARGET_PORT PROTO [CERTIFICATE KEY]`` prints its port.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.support.deadline import scaled


class ReverseProxy:
    """Process of the proxy, as a context manager. ``proto``: the scheme that it reports for the browser's side."""

    def __init__(self, target_port: int, proto: str = "https", certificate: tuple[Path, Path] | None = None) -> None:
        command = [sys.executable, "-m", "tests.support.reverse_proxy", str(target_port), proto]
        self._command = [*command, *map(str, certificate or ())]
        self.port = 0

    def __enter__(self) -> ReverseProxy:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(scaled(10))
        assert self._process.stdout is not None
        self._process.stdout.close()


class _Front:
    def __init__(self, target_port: int, proto: str) -> None:
        self._target_port = target_port
        self._proto = proto

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection: the first request with changed headers, then bytes in both directions."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin1").rstrip("\r\n").split("\r\n")
            peer = writer.get_extra_info("peername")[0]
            kept, seen = [], []
            for line in lines:
                name, _, value = line.partition(":")
                if name.lower() == "x-forwarded-for":
                    seen.append(value.strip())
                elif name.lower() not in ("x-forwarded-proto", "connection"):
                    kept.append(line)
                elif "upgrade" in value.lower():
                    kept.append("Connection: Upgrade")
            if "Connection: Upgrade" not in kept:
                kept.append("Connection: close")
            kept += [f"X-Forwarded-For: {', '.join([*seen, peer])}", f"X-Forwarded-Proto: {self._proto}"]
            source, target = await asyncio.open_connection("127.0.0.1", self._target_port)
            target.write("\r\n".join([first, *kept]).encode("latin1") + b"\r\n\r\n")
            pumps = [asyncio.ensure_future(_pump(reader, target)), asyncio.ensure_future(_pump(source, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            target.close()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has left, or the server has closed
        finally:
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def _main(target_port: str, proto: str, *files: str) -> None:
    context = None
    if files:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*files)
    server = await asyncio.start_server(_Front(int(target_port), proto).serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
