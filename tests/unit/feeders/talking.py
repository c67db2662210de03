"""A listener that runs for one conversation by TCP."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tests.support.deadline import deadline


class Listening(Protocol):
    """Source that listens until it is cancelled."""

    async def run(self) -> None: ...


async def told(source: Listening, port: int, sent: bytes) -> bytes:
    """Run a source, send it bytes by TCP on a connection that then ends, and return what it answers."""
    running = asyncio.ensure_future(source.run())
    try:
        async with deadline(10, "the answer"):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except ConnectionRefusedError:
                    if running.done():
                        running.result()
                    await asyncio.sleep(0.01)
            writer.write(sent)
            writer.write_eof()
            answer = await reader.read()
            writer.close()
            return answer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
