"""Table of the series that each owner has, for one kind of owner (see ``entries/signals.py``), shared by all processes.

A change applies here at once and is published through the journal. If several processes change the same owner, the order in the
journal decides, also about this process' own changes. A process that starts, or has missed signals, asks the others; their
answers only add series. The state lives in memory as long as any process runs. The number of series is bounded: beyond the bound,
all owners' series are forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from msgspec import Struct

from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.errors import Unavailable
from dashboard.entries.signals import AskSeriesOwned, SeriesOwned

#: An asked process waits for up to this long, and then skips the owners that another process has published meanwhile.
_ANSWER_S = 0.5
#: Time that the answers may take to arrive; after ``_CATCH_UP_S`` a waiting caller gets Unavailable.
_ANSWERING_S, _CATCH_UP_S = 0.5, 3.0
#: Pause before a failed publication is tried again.
_RETRY_S = 1.0
#: Ownership may arrive this much earlier than the samples of its series, which come through other partitions.
_AHEAD_S = 10.0
_NOTHING: Mapping[str, float] = MappingProxyType({})


class _Update(Struct):
    """Unpublished change of an owner's series."""

    whole: bool
    keys: set[str]
    gone: set[str] = set()


class SeriesOwnership:
    """Series of each owner of one kind.

    ``shared``: True if there may be other processes; ``monotonic``: seconds; ``jitter(a, b)``: a random number from a to b.
    """

    def __init__(
        self,
        kind: str,
        *,
        bus: Bus,
        max_series: int,
        shared: bool,
        monotonic: Callable[[], float],
        jitter: Callable[[float, float], float],
    ) -> None:
        self._kind = kind
        self._bus = bus
        self._max_series = max_series
        self._monotonic = monotonic
        self._jitter = jitter
        self._held: dict[str, dict[str, float]] = {}  # by owner: series, and since when
        self._count = 0
        self._shared = shared
        self._updates: dict[str, _Update] = {}
        self._asks = shared
        self._question_sent = asyncio.Event()  # the question is published
        self._answered_s = 0.0  # when all answers will have arrived, by the loop's clock
        self._telling = asyncio.Lock()
        self._asked: set[str] = set()  # owners that another process has asked for
        self._work = asyncio.Event()
        self._work.set()
        bus.subscribe(SeriesOwned, self._hear_owned)
        bus.subscribe(AskSeriesOwned, self._hear_question)
        bus.subscribe_gap(self._missed)

    def of(self, owner: str) -> Collection[str]:
        """Return the series of an owner."""
        return self._held.get(owner, _NOTHING)

    def owners(self) -> list[str]:
        """Return the names of all owners that have series, sorted."""
        return sorted(self._held)

    def add(self, owner: str, keys: Collection[str]) -> bool:
        """Add the series ``keys`` to an owner; return False if the owner has all of them already."""
        held = self.of(owner)
        if all(map(held.__contains__, keys)):
            return False
        self._change(owner, _Update(False, set(keys).difference(held)))
        return True

    def replace(self, owner: str, keys: Collection[str]) -> None:
        """Set the series of an owner to ``keys``; the owner loses all other series."""
        now = set(keys)
        if set(self.of(owner)) != now:
            self._change(owner, _Update(True, now))

    def exchange(self, owner: str, gone: Collection[str], keys: Collection[str]) -> None:
        """Add the series ``keys`` to an owner and remove the series ``gone``; a series in both stays."""
        held, now = set(self.of(owner)), set(keys)
        left = held.intersection(gone) - now
        if left or not held.issuperset(now):
            self._change(owner, _Update(False, now - held, left))

    def keep(self, owner: str, wanted: Callable[[str], bool]) -> None:
        """Forget, in this process only, the owner's series that ``wanted`` rejects. Series younger than ``_AHEAD_S`` seconds stay."""
        held, new = self._held.pop(owner, {}), self._monotonic() - _AHEAD_S
        kept = {key: since for key, since in held.items() if since > new or wanted(key)}
        self._count -= len(held) - len(kept)
        if kept:
            self._held[owner] = kept

    def _change(self, owner: str, update: _Update) -> None:
        self._take(owner, update.whole, update.keys, update.gone)
        if self._shared:
            self._updates[owner] = _after(self._updates.get(owner), update)
            self._work.set()

    def _take(self, owner: str, whole: bool, keys: Collection[str], gone: Collection[str] = ()) -> None:
        if whole:
            self._count -= len(self._held.pop(owner, ()))
        elif held := self._held.get(owner):
            for key in gone:
                self._count -= held.pop(key, None) is not None
        new = set(keys).difference(self._held.get(owner, _NOTHING))
        if self._count + len(new) > self._max_series:
            self._held.clear()
            self._count = 0
        if new and len(new) <= self._max_series:
            self._held.setdefault(owner, {}).update(dict.fromkeys(new, self._monotonic()))
            self._count += len(new)

    # --- over all processes ---

    async def catch_up(self) -> None:
        """Wait for everything that other processes had published before this call; raises Unavailable after 3 s."""
        if not self._shared:
            return
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                await self._question_sent.wait()
                await asyncio.sleep(max(0.0, self._answered_s - asyncio.get_running_loop().time()))
        except TimeoutError:
            raise Unavailable("the series of other processes are not known yet; try again in a second") from None
        await self._bus.catch_up()

    async def tell(self) -> bool:
        """Publish all changes now. Return False if that failed: ``run`` then publishes them later."""
        async with self._telling:  # wait also for a change that another caller is publishing
            while self._updates:
                owner, update = self._updates.popitem()
                held = SeriesOwned(
                    self._bus.node_id, self._kind, owner, update.whole, sorted(update.keys), sorted(update.gone)
                )
                if not await self._bus.publish(held):
                    later = self._updates.get(owner)
                    self._updates[owner] = update if later is None else _after(update, later)
                    self._work.set()
                    return False
            return True

    async def run(self) -> None:
        """Ask other processes for their series, answer such requests, and publish changes, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            if self._asks and await self._bus.publish(AskSeriesOwned(self._bus.node_id)):
                self._asks = False
                self._answered_s = asyncio.get_running_loop().time() + _ANSWER_S + _ANSWERING_S
                self._question_sent.set()
            if self._asked:
                await self._answer()
            if not await self.tell() or self._asks:
                await asyncio.sleep(_RETRY_S)
                self._work.set()

    async def _answer(self) -> None:
        await asyncio.sleep(self._jitter(0, _ANSWER_S))
        while self._asked:
            owner = self._asked.pop()
            known = _Update(False, set(self.of(owner)))
            if known.keys:
                self._updates[owner] = _after(known, self._updates.get(owner) or known)

    def _hear_owned(self, signal: SeriesOwned, _: Heard) -> None:
        if signal.kind == self._kind and self._shared:
            self._take(signal.holder, signal.whole, signal.keys, signal.gone)
            if set(signal.keys).issuperset(self.of(signal.holder)):
                self._asked.discard(signal.holder)

    def _hear_question(self, signal: AskSeriesOwned, _: Heard) -> None:
        if signal.node != self._bus.node_id and self._held:
            self._asked.update(self._held)
            self._work.set()

    def _missed(self) -> None:
        self._asks = self._shared
        self._question_sent.clear()
        self._work.set()


def _after(first: _Update | None, then: _Update) -> _Update:
    """Return two successive updates as one."""
    if first is None or then.whole:
        return then
    gone = set() if first.whole else (first.gone | then.gone) - then.keys
    return _Update(first.whole, (first.keys - then.gone) | then.keys, gone)
