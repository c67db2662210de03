"""Queue for expensive work (argon2: 64 MiB and 80 ms each): a few jobs at a time, taken from the addresses in turn.

An address with many jobs delays only itself.  When the queue is full, the last job of the address with the most jobs is refused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

from dashboard.domain.errors import Overloaded
from dashboard.domain.ip_addresses import network_of

Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class FairQueue:
    """Queue for jobs in threads. ``at_once``: maximum number of jobs that run at the same time.

    ``most_of_one`` and ``most``: maximum number of waiting jobs, of one address and of all addresses. Further jobs are refused.
    """

    def __init__(self, name: str, *, at_once: int, most: int, most_of_one: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, name)
        self._free = at_once
        self._most = most
        self._most_of_one = most_of_one
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # by address; the next to run comes first

    async def run(self, address: str, work: Callable[[*Args], Result], *arguments: *Args) -> Result:
        """Run ``work`` in a thread when it is the address' turn; raises Overloaded."""
        await self._turn(network_of(address))
        job = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        job.add_done_callback(self._release)  # also if the caller was cancelled: the thread still works
        return await asyncio.shield(job)

    async def _turn(self, network: str) -> None:
        if self._free:
            self._free -= 1
            return
        self._make_room(network)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(network, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:  # its turn has just come
                self._pass_on()
            raise

    def _make_room(self, network: str) -> None:
        own = len(self._waiting.get(network, ()))
        overloaded = Overloaded("too many logins at once; try again in a few seconds")
        if own >= self._most_of_one:
            raise overloaded
        if sum(map(len, self._waiting.values())) < self._most:
            return
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        if len(self._waiting[longest]) <= own + 1:
            raise overloaded
        last = self._waiting[longest].pop()
        if not last.done():
            last.set_exception(overloaded)

    def _release(self, job: asyncio.Future[Result]) -> None:
        if not job.cancelled():
            job.exception()  # mark as retrieved: if the caller was cancelled, nobody else reads it
        self._pass_on()

    def _pass_on(self) -> None:
        """Start the first job of the next address in turn, because another job has ended."""
        while self._waiting:
            network = next(iter(self._waiting))
            turns = self._waiting.pop(network)
            turn = turns.popleft() if turns else None
            if turns:
                self._waiting[network] = turns  # to the end of the round
            if turn is not None and not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
