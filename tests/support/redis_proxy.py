"""A TCP proxy between the server and Redis that can be slow, go silent, lose a reply, be cut, or lead elsewhere."""

from __future__ import annotations

import asyncio
import socket

from tests.support.loop_thread import LoopThread

_CHUNK = 1 << 16


class _Pipe:
    """One connection through the proxy. ``victim``: True to lose the next reply and cut the connection. ``open``: set
    while bytes are forwarded."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.ends = [client]
        self.task: asyncio.Task[None] | None = None
        self.victim = False
        self.last_request = b""
        self.open = asyncio.Event()
        self.open.set()


class RedisProxy:
    """Proxy on a loop in its own thread. ``target_port``: where new connections lead.

    ``hold`` keeps all bytes of both directions; ``release`` forwards them late, as packets arrive after an outage.
    ``delay_s``: delay of each direction. ``lose_replies(n, mark)``: for the next n requests that contain ``mark``, the
    reply of Redis is thrown away and the connection cut.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.delay_s = 0.0
        self.port = 0
        self.lost = 0
        self._to_lose = 0
        self._mark = b""
        self._thread = LoopThread("redis proxy")
        self._pipes: set[_Pipe] = set()
        self._server: asyncio.Server | None = None
        self._open = asyncio.Event()

    def start(self) -> RedisProxy:
        """Begin to listen."""
        self._thread.start()
        self._thread.run(self._listen())
        return self

    def close(self) -> None:
        """Cut all connections and end."""
        self._thread.close(self._server)

    def __enter__(self) -> RedisProxy:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what tests do to it ---

    def hold(self) -> None:
        """Keep all bytes: connections stay open and nothing comes through; new connections get no answer either."""
        self._thread.soon(self._open.clear)

    def release(self) -> None:
        """Forward the kept bytes."""
        self._thread.soon(self._open.set)

    def cut(self) -> None:
        """Reset every open connection."""
        self._thread.run(self._cut())

    def silence(self, mark: str) -> int:
        """Forward nothing more on the connections whose last request contained ``mark``; return their number."""
        chosen = [pipe for pipe in list(self._pipes) if mark.encode() in pipe.last_request]
        for pipe in chosen:
            self._thread.soon(pipe.open.clear)
        return len(chosen)

    def lose_replies(self, count: int, mark: str) -> None:
        """Lose the replies to the next ``count`` requests that contain ``mark``, see the class."""
        self._mark, self._to_lose = mark.encode(), count

    # --- inside ---

    async def _listen(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        tasks = [pipe.task for pipe in self._pipes if pipe.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pipe = _Pipe(writer)
        self._pipes.add(pipe)
        pipe.task = asyncio.create_task(self._serve(pipe, reader, writer))
        pipe.task.add_done_callback(lambda _: self._end(pipe))

    def _end(self, pipe: _Pipe) -> None:
        """End a connection, also one that was cut before it began or while it ended."""
        self._pipes.discard(pipe)
        for each in pipe.ends:
            each.transport.abort()

    async def _serve(self, pipe: _Pipe, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pumps: list[asyncio.Task[None]] = []
        try:
            source, upstream = await asyncio.open_connection("127.0.0.1", self.target_port)
            pipe.ends.append(upstream)
            for each in pipe.ends:
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pumps = [
                asyncio.create_task(self._pump(reader, upstream, pipe, asking=True)),
                asyncio.create_task(self._pump(source, writer, pipe, asking=False)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.CancelledError):
            pass  # the peer went, or ``cut`` did its work
        finally:
            for task in pumps:
                task.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pipe: _Pipe, *, asking: bool
    ) -> None:
        """Forward chunks in order, each after the delay; end at the end of the stream, a lost reply or an error."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        reading = asyncio.create_task(self._read(reader, queue))
        loop = asyncio.get_running_loop()
        try:
            while True:
                came_s, data = await queue.get()
                if (pause_s := came_s + self.delay_s - loop.time()) > 0:
                    await asyncio.sleep(pause_s)
                await self._open.wait()
                await pipe.open.wait()
                if not data:
                    return
                if asking:
                    pipe.last_request = data
                if asking and self._to_lose and self._mark in data:
                    self._to_lose -= 1
                    pipe.victim = True
                elif not asking and pipe.victim:
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        loop, data = asyncio.get_running_loop(), b"x"
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b""
            queue.put_nowait((loop.time(), data))
