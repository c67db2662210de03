"""Thread that runs blocking calls one after the other, in the order in which they were given.

A call costs one hand-over to the thread.  The standard library's executors also make a future, take two locks and count idle
threads for each call, which costs as much as a short transaction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TypeVar, TypeVarTuple

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class OrderedThread:
    """Thread for calls that must not run at the same time. The first call starts it. ``name``: the thread's name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def put(self, call: Callable[[], object]) -> None:
        """Run ``call`` in the thread after all earlier calls. The call must not raise. Raises RuntimeError after ``close``."""
        if self._is_closed:
            raise RuntimeError(f"the thread {self._name} has ended")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._calls.put(call)

    async def call(self, work: Callable[[*Args], Result], *args: *Args) -> Result:
        """Run ``work`` in the thread after all earlier calls; return its result or raise its error."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()

        def run() -> None:
            try:
                answer = partial(done.set_result, work(*args))
            except BaseException as error:  # noqa: BLE001 - raised again by the caller
                answer = partial(done.set_exception, error)
            loop.call_soon_threadsafe(_unless_done, done, answer)

        self.put(run)
        return await done

    def close(self) -> None:
        """End the thread when it has run all calls, and wait for its end."""
        self._is_closed = True
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _unless_done(done: asyncio.Future[Result], answer: Callable[[], None]) -> None:
    """Answer a caller that has not been cancelled."""
    if not done.done():
        answer()
