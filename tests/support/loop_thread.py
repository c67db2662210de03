"""An event loop in its own thread, for servers, proxies and viewers that run while a test drives them from outside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from tests.support.deadline import scaled


class LoopThread:
    """Loop in a thread. ``close`` cancels all tasks that still run, waits for them and closes all sockets."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, None], timeout_s: float = 30) -> None:
        """Run a coroutine in the loop; return its result when it is done."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(scaled(timeout_s))

    def soon(self, action: Callable[[], object]) -> None:
        """Call a function in the loop at its next turn."""
        self._loop.call_soon_threadsafe(action)

    def close(self, server: asyncio.Server | None = None) -> None:
        """End all tasks and servers of the loop."""
        self.run(_end(server))
        self.soon(self._loop.stop)
        self._thread.join(scaled(10))
        self._loop.close()


async def _end(server: asyncio.Server | None) -> None:
    loop = asyncio.get_running_loop()
    if server is not None:
        # Python 3.11 leaks a connection that is taken in the moment its server closes: first no more are taken
        for each in server.sockets:
            loop.remove_reader(each.fileno())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        server.close()
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # transports that were told to close do it
