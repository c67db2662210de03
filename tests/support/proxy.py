"""A small TCP proxy between a browser and a server, so that tests can cut, black-hole, or answer as a broken proxy does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

_HTML_502 = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
    b"<html><h1>502 Bad Gateway</h1>nginx</html>\r\n"
)


class Proxy:
    """Runs on a loop of its own in a thread. ``mode``: "pass", "hole" (takes everything, gives nothing), "502"."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.mode = "pass"
        self.port = 0
        self.accepted = 0
        self._loop = asyncio.new_event_loop()
        self._pairs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection there is."""
        self._run(self._cut())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        for task in list(self._pairs):
            task.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._pairs.add(task)
        task.add_done_callback(self._pairs.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        try:
            if self.mode == "502":
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_HTML_502)
                await writer.drain()
                return
            source, upstream = await asyncio.open_connection("127.0.0.1", self.target_port)
            done, rest = await asyncio.wait(
                [asyncio.create_task(self._pump(reader, upstream)), asyncio.create_task(self._pump(source, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in rest:
                task.cancel()
            await asyncio.gather(*done, *rest, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the peer went, or `cut` did its work
        finally:
            for each in (writer, upstream):
                if each is not None:
                    each.transport.abort() if self.mode != "502" else each.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.mode == "hole":
                continue
            writer.write(data)
            await writer.drain()
