"""Which series each holder (see ``domain/holding.py``) holds, over all processes.

Each process tells the others what is new, and everything when somebody new asks. Remembered as long as one of them runs; bounded
in series: beyond it all is forgotten, which refuses nothing and ends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from dashboard.domain.holding import Held
from dashboard.domain.presence import AskRoster
from dashboard.replica.signals import Signal
from dashboard.services.nodes import Nodes

#: Series told of at once.
_MAX_TOLD = 2_000
#: Who is asked for everything waits for up to so long, and is silent about what another has told meanwhile.
_AGAIN_S = 0.5
#: What could not be told is tried again after so long.
_RETRY_S = 1.0
_NOTHING: frozenset[str] = frozenset()


class Holdings:
    """``shared``: other processes may be there to be told. ``jitter(a, b)`` is uniform."""

    def __init__(self, *, nodes: Nodes, max_series: int, shared: bool, jitter: Callable[[float, float], float]) -> None:
        self._nodes = nodes
        self._max_series = max_series
        self._shared = shared
        self._jitter = jitter
        self._held: dict[str, set[str]] = {}
        self._count = 0
        self._news: dict[str, set[str] | None] = {}  # what the others are to be told; None: everything
        self._again: set[str] = set()  # holders that somebody new wants to know of
        self._work = asyncio.Event()
        nodes.listeners.append(self._hear)
        nodes.on_gap.append(self._missed)

    def of(self, holder: str) -> Collection[str]:
        """What it holds."""
        return self._held.get(holder, _NOTHING)

    def add(self, holder: str, keys: Collection[str]) -> None:
        """It holds these too."""
        if self._held.get(holder, _NOTHING).issuperset(keys):
            return
        new = self._take(holder, keys)
        if self._news.get(holder, new) is not None:
            self._news[holder] = new | (self._news.get(holder) or set())
        self._work.set()

    def replace(self, holder: str, keys: Collection[str]) -> set[str]:
        """It holds these and no others; returns what it does not hold any more."""
        before, now = set(self.of(holder)), set(keys)
        if before == now:
            return set()
        self._drop(holder)
        self._take(holder, now)
        self._news[holder] = None
        self._work.set()
        return before - now

    def keep(self, holder: str, wanted: Callable[[str], bool]) -> None:
        """Forget of it what is not wanted; each process does so when it needs to."""
        kept = {key for key in self.of(holder) if wanted(key)}
        self._drop(holder)
        self._take(holder, kept)

    def _take(self, holder: str, keys: Collection[str]) -> set[str]:
        """Returns those that are new."""
        new = set(keys) - self._held.get(holder, _NOTHING)
        if self._count + len(new) > self._max_series:
            self._held.clear()
            self._count = 0
        if new and len(new) <= self._max_series:
            self._held.setdefault(holder, set()).update(new)
            self._count += len(new)
        return new

    def _drop(self, holder: str) -> None:
        self._count -= len(self._held.pop(holder, ()))

    # --- over all processes ---

    async def tell(self) -> bool:
        """Tell the others now what is new; False: not all could be told, and it is tried again by ``run``."""
        while self._news:
            holder, new = self._news.popitem()
            if not await self._say(holder, new):
                self._news[holder] = None
                return False
        return True

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            if self._again:
                await asyncio.sleep(self._jitter(0, _AGAIN_S))
                self._news.update(dict.fromkeys(self._again))
                self._again.clear()
            if not await self.tell():
                await asyncio.sleep(_RETRY_S)
                self._work.set()

    async def _say(self, holder: str, new: set[str] | None) -> bool:
        if not self._shared:
            return True
        keys = sorted(self.of(holder) if new is None else new)
        for start in range(0, max(1, len(keys)), _MAX_TOLD):
            part = keys[start : start + _MAX_TOLD]
            if not await self._nodes.say(Held(self._nodes.id, holder, new is None and start == 0, part)):
                return False
        return True

    def _hear(self, signal: Signal, _: int) -> None:
        if isinstance(signal, Held) and signal.node != self._nodes.id:
            if signal.whole:
                self._drop(signal.holder)
            self._take(signal.holder, signal.keys)
            if signal.whole:
                self._again.discard(signal.holder)
        elif isinstance(signal, AskRoster) and not signal.node:
            self._missed()  # somebody is new

    def _missed(self) -> None:
        if self._held:
            self._again.update(self._held)
            self._work.set()
