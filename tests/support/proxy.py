"""A small TCP proxy between a browser and a server that can cut connections, swallow bytes, or answer as a broken proxy does."""

from __future__ import annotations

import asyncio

from tests.support.loop_thread import LoopThread

_HTML_502 = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
    b"<html><h1>502 Bad Gateway</h1>nginx</html>\r\n"
)


class Proxy:
    """Proxy on a loop in its own thread. ``mode``: "pass", "hole" (takes all bytes, forwards none), "502"."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.mode = "pass"
        self.port = 0
        self.accepted = 0
        self._pairs: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._server: asyncio.Server | None = None
        self._thread = LoopThread("proxy")

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._thread.run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.close(self._server)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every open connection."""
        self._thread.run(self._cut())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        for task in list(self._pairs):
            task.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        ends = [writer]
        task = asyncio.create_task(self._serve(reader, ends))
        self._pairs[task] = ends
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        """End a connection, also one that was cut before it began or while it ended; its answer is sent first."""
        for each in self._pairs.pop(task):
            each.close() if self.mode == "502" else each.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, ends: list[asyncio.StreamWriter]) -> None:
        pumps: list[asyncio.Task[None]] = []
        writer = ends[0]
        try:
            if self.mode == "502":
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_HTML_502)
                await writer.drain()
                return
            source, upstream = await asyncio.open_connection("127.0.0.1", self.target_port)
            ends.append(upstream)
            pumps = [
                asyncio.create_task(self._pump(reader, upstream)),
                asyncio.create_task(self._pump(source, writer)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the peer went, or `cut` did its work
        finally:
            for task in pumps:
                task.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.mode == "hole":
                continue
            writer.write(data)
            await writer.drain()
