"""Turns of the event loop for long work that many callers do at once.

Work that does one step and then ``asyncio.sleep(0)`` holds the loop for one step; but if twenty callers work so, each turn of the
loop does twenty steps. ``next_turn`` gives each turn of the loop to one of them, in the order in which they asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakKeyDictionary


class _Turns:
    """Turns of one loop, to which this object has no reference: the loop is its key in ``_turns``, and could never be collected.

    ``_taken``: the coming turn of the loop belongs to somebody.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._pass_on)
            await asyncio.sleep(0)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _pass_on(self) -> None:
        """Give the turn after this one to the task that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else its task was cancelled
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._pass_on)
                return
        self._taken = False


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


async def next_turn() -> None:
    """Wait for a turn of the loop that no other caller of this function works in.

    Await it before each step of work that many clients can cause at the same time. A step takes some milliseconds at most.
    """
    loop = asyncio.get_running_loop()
    turns = _turns.get(loop)
    if turns is None:
        turns = _turns[loop] = _Turns()
    await turns.wait()
