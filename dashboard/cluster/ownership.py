"""Which series each owner of a kind (see ``entries/signals.py``) owns, over all processes.

What is new is known here at once, and told to the others over the journal; what stands there counts, in its order, one's own too.
Who starts, or has missed something, asks; what is said then only adds.  Remembered as long as one process runs, and bounded in
series: beyond it all is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from msgspec import Struct

from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.errors import Unavailable
from dashboard.entries.signals import AskSeriesOwned, SeriesOwned

#: Who is asked waits for up to so long, and is silent about what another has told meanwhile.
_ANSWER_S = 0.5
#: So long the answering itself may take, and who wants to know what is held waits for no longer than that.
_ANSWERING_S, _CATCH_UP_S = 0.5, 3.0
#: What could not be told is tried again after so long.
_RETRY_S = 1.0
#: What another process tells of may be known here so much earlier than the series itself is, whose samples come another way.
_AHEAD_S = 10.0
_NOTHING: Mapping[str, float] = MappingProxyType({})


class _News(Struct):
    """What the others are to be told of a holder."""

    whole: bool
    keys: set[str]
    gone: set[str] = set()


class SeriesOwnership:
    """``shared``: there may be other processes. ``monotonic`` is in seconds, ``jitter(a, b)`` is uniform."""

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
        self._held: dict[str, dict[str, float]] = {}  # since when
        self._count = 0
        self._shared = shared
        self._news: dict[str, _News] = {}
        self._asks = shared
        self._said = asyncio.Event()  # the question is out
        self._answered_s = 0.0  # when all will have answered it, by the loop's clock
        self._telling = asyncio.Lock()
        self._asked: set[str] = set()  # holders that somebody wants to know of
        self._work = asyncio.Event()
        self._work.set()
        bus.subscribe(SeriesOwned, self._hear_owned)
        bus.subscribe(AskSeriesOwned, self._hear_question)
        bus.subscribe_gap(self._missed)

    def of(self, holder: str) -> Collection[str]:
        """What it holds."""
        return self._held.get(holder, _NOTHING)

    def add(self, holder: str, keys: Collection[str]) -> bool:
        """It holds these too; False: that is known."""
        held = self.of(holder)
        if all(map(held.__contains__, keys)):
            return False
        self._note(holder, _News(False, set(keys).difference(held)))
        return True

    def replace(self, holder: str, keys: Collection[str]) -> None:
        """It holds these and no others."""
        now = set(keys)
        if set(self.of(holder)) != now:
            self._note(holder, _News(True, now))

    def exchange(self, holder: str, gone: Collection[str], keys: Collection[str]) -> None:
        """It holds the ``keys``, and no longer what is ``gone``."""
        held, now = set(self.of(holder)), set(keys)
        left = held.intersection(gone) - now
        if left or not held.issuperset(now):
            self._note(holder, _News(False, now - held, left))

    def keep(self, holder: str, wanted: Callable[[str], bool]) -> None:
        """Forget of it what is not wanted, but for what is new; each process does so when it needs to."""
        held, new = self._held.pop(holder, {}), self._monotonic() - _AHEAD_S
        kept = {key: since for key, since in held.items() if since > new or wanted(key)}
        self._count -= len(held) - len(kept)
        if kept:
            self._held[holder] = kept

    def _note(self, holder: str, news: _News) -> None:
        self._take(holder, news.whole, news.keys, news.gone)
        if self._shared:
            self._news[holder] = _after(self._news.get(holder), news)
            self._work.set()

    def _take(self, holder: str, whole: bool, keys: Collection[str], gone: Collection[str] = ()) -> None:
        if whole:
            self._count -= len(self._held.pop(holder, ()))
        elif held := self._held.get(holder):
            for key in gone:
                self._count -= held.pop(key, None) is not None
        new = set(keys).difference(self._held.get(holder, _NOTHING))
        if self._count + len(new) > self._max_series:
            self._held.clear()
            self._count = 0
        if new and len(new) <= self._max_series:
            self._held.setdefault(holder, {}).update(dict.fromkeys(new, self._monotonic()))
            self._count += len(new)

    # --- over all processes ---

    async def catch_up(self) -> None:
        """Know what anybody had told when this was called; raises Unavailable."""
        if not self._shared:
            return
        try:
            async with asyncio.timeout(_CATCH_UP_S):
                await self._said.wait()
                await asyncio.sleep(max(0.0, self._answered_s - asyncio.get_running_loop().time()))
        except TimeoutError:
            raise Unavailable("what other processes hold is not known; try again in a second") from None
        await self._bus.catch_up()

    async def tell(self) -> bool:
        """Return when the others have been told what is new; False: they could not be, ``run`` will try again."""
        async with self._telling:  # what somebody else is just telling is to be told, too
            while self._news:
                holder, news = self._news.popitem()
                held = SeriesOwned(
                    self._bus.node_id, self._kind, holder, news.whole, sorted(news.keys), sorted(news.gone)
                )
                if not await self._bus.publish(held):
                    later = self._news.get(holder)
                    self._news[holder] = news if later is None else _after(news, later)
                    self._work.set()
                    return False
            return True

    async def run(self) -> None:
        """Ask, answer and tell until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            if self._asks and await self._bus.publish(AskSeriesOwned(self._bus.node_id)):
                self._asks = False
                self._answered_s = asyncio.get_running_loop().time() + _ANSWER_S + _ANSWERING_S
                self._said.set()
            if self._asked:
                await self._answer()
            if not await self.tell() or self._asks:
                await asyncio.sleep(_RETRY_S)
                self._work.set()

    async def _answer(self) -> None:
        await asyncio.sleep(self._jitter(0, _ANSWER_S))
        while self._asked:
            holder = self._asked.pop()
            known = _News(False, set(self.of(holder)))
            if known.keys:
                self._news[holder] = _after(known, self._news.get(holder) or known)

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
        self._said.clear()
        self._work.set()


def _after(first: _News | None, then: _News) -> _News:
    """Both as one."""
    if first is None or then.whole:
        return then
    gone = set() if first.whole else (first.gone | then.gone) - then.keys
    return _News(first.whole, (first.keys - then.gone) | then.keys, gone)
