"""Ingest statistics: each feeder's rate, last line, and refusals with reasons, live and over all processes.

Each process counts its own feeders and sends changes to the others (by signals) every two seconds, so any process can answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable

from dashboard.cluster.bus import Bus, Heard
from dashboard.cluster.membership import Membership
from dashboard.domain.feeder import KEPT_REFUSALS, SHOWN_BYTES, FeederState, Refused, merge
from dashboard.domain.identity import Caller
from dashboard.entries.signals import AskRoster, IngestStatsUpdate, NodeLeft
from dashboard.ingest.batch import Batch, Refusal
from dashboard.ingest.naming import shown, without_secrets
from dashboard.intake.refusal_log import RefusalLog

_log = logging.getLogger(__name__)

_TELL_EVERY_S = 2.0
#: The rate is measured over this many intervals of ``_TELL_EVERY_S``.
_RATE_OVER = 5
_MAX_FEEDERS = 2_000
#: Most unknown senders, by address; beyond it the one silent for longest is forgotten.
_MAX_UNKNOWN = 200
#: Most feeders in one signal; the others follow in the next ones.
_MAX_TOLD = 500
_LONGEST_REASON = 300


class _Feeder:
    """A feeder of this process."""

    def __init__(self, key: str, name: str, kind: str, max_series: int) -> None:
        self.key, self.name, self.kind, self.max_series = key, name, kind, max_series
        self.formats: set[str] = set()
        self.accepted = self.refused = self.dropped = 0
        self.series = 0
        self.last_ms = 0
        self.last_line = ""
        self.state = ""
        self.refusals: deque[Refused] = deque(maxlen=KEPT_REFUSALS)
        self._log = RefusalLog()
        self.totals: deque[int] = deque([0], maxlen=_RATE_OVER + 1)

    def refuse(self, reason: str, offending: bytes | str) -> None:
        """Keep a refusal, so that administrators can see the reason and the offending data."""
        snippet = shown(offending)
        self.refusals.append(Refused(self.last_ms, without_secrets(reason)[:_LONGEST_REASON], snippet))

    def log(self, count: int) -> None:
        """Log the newest refusal, rate-limited; ``count``: number of refused samples."""
        newest = self.refusals[-1] if self.refusals else None
        if newest is not None and newest.t_ms == self.last_ms:
            self._log.say(_log, f"feeder {self.name}", newest.reason, newest.snippet, self.last_ms, count)

    def shown(self) -> FeederState:
        rate = (self.accepted - self.totals[0]) / max(1, len(self.totals) - 1) / _TELL_EVERY_S
        return FeederState(
            key=self.key,
            name=self.name,
            kind=self.kind,
            formats=tuple(sorted(self.formats)),
            accepted=self.accepted,
            refused=self.refused,
            dropped=self.dropped,
            series=self.series,
            max_series=self.max_series,
            rate=round(rate, 2),
            last_ms=self.last_ms,
            last_line=self.last_line,
            state=self.state,
            refusals=tuple(self.refusals),
        )


class IngestStats:
    """Statistics of all feeders. ``now_ms`` gives the journal's time."""

    def __init__(self, *, bus: Bus, nodes: Membership, now_ms: Callable[[], int]) -> None:
        self._bus = bus
        self._nodes = nodes
        self._now_ms = now_ms
        self._feeders: dict[str, _Feeder] = {}
        self._told: dict[str, FeederState] = {}
        self._others: dict[str, dict[str, FeederState]] = {}  # by node, then by key
        self._whole = True
        self._others_here: list[Callable[[], Iterable[FeederState]]] = []
        bus.subscribe(IngestStatsUpdate, self._hear)
        bus.subscribe(NodeLeft, self._hear_left)
        bus.subscribe(AskRoster, lambda *_: self._missed())  # a new process asks for everything
        bus.subscribe_gap(self._missed)

    def include(self, states: Callable[[], Iterable[FeederState]]) -> None:
        """Include further feeders of this process: listeners and scrape targets, which keep their own counts."""
        self._others_here.append(states)

    def _here(self) -> list[FeederState]:
        own = [feeder.shown() for feeder in self._feeders.values()]
        return own + [state for states in self._others_here for state in states()]

    def note(
        self, caller: Caller, format_: str, batch: Batch, accepted: int, refused: list[Refusal], unlisted: int = 0
    ) -> None:
        """Count a feeder's accepted and refused samples, and keep its last line and refusals.

        ``unlisted``: number of refused samples that are not in ``refused``.
        """
        feeder = self._met(caller, format_)
        feeder.accepted += accepted
        feeder.refused += len(refused) + unlisted
        if batch.keys:
            feeder.last_line = f"{batch.keys[-1]} {batch.values[-1]:.6g}"[:SHOWN_BYTES]
        for refusal in refused[-KEPT_REFUSALS:]:
            reason = f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason
            feeder.refuse(reason, refusal.snippet)
        feeder.log(len(refused) + unlisted)

    def note_lost(self, caller: Caller, format_: str, count: int, reason: str, offending: str) -> None:
        """Count samples that were refused together for one reason: too many per second, or a journal that cannot store now."""
        feeder = self._met(caller, format_)
        feeder.refused += count
        feeder.refuse(reason, offending)
        feeder.log(count)

    def note_fault(self, caller: Caller, format_: str, reason: str, body: bytes, *, address: str = "") -> None:
        """Count a body that was refused as a whole. ``address``: IP address of an unknown sender."""
        feeder = self._met(caller, format_, address)
        feeder.refused += 1
        feeder.refuse(reason, body)
        feeder.log(1)

    def note_passed_over(self, caller: Caller, format_: str, reason: str, address: str) -> None:
        """Add a fault that loses no data to the shown refusals, unless they contain the same reason already."""
        feeder = self._met(caller, format_, address)
        if not any(refused.reason == reason for refused in feeder.refusals):
            feeder.refuse(reason, address)
            feeder.log(0)

    def _met(self, caller: Caller, format_: str, address: str = "") -> _Feeder:
        feeder = self._feeder(caller, address)
        feeder.formats.add(format_)
        feeder.last_ms = self._now_ms()
        return feeder

    def note_series(self, caller: Caller, count: int) -> None:
        """Set the feeder's number of series."""
        self._feeder(caller).series = count

    def _feeder(self, caller: Caller, address: str = "") -> _Feeder:
        token = caller.token
        key = f"token:{token.id}" if token is not None else f"{caller.kind}:{caller.id}"
        if caller.kind == "anonymous" and address:
            key = f"{key}{address}"
        feeder = self._feeders.get(key)
        if feeder is None:
            self._make_room(key)
            name = (
                (address if caller.kind == "anonymous" else "")
                or caller.name
                or {"local": "this machine"}.get(caller.kind, caller.kind)
            )
            limit = token.max_series if token is not None else 0
            feeder = self._feeders[key] = _Feeder(key, name, "token" if token is not None else caller.kind, limit)
        return feeder

    def _make_room(self, key: str) -> None:
        """Forget the feeder that has been silent for longest if there are too many; unknown senders have a separate limit."""
        is_unknown = key.startswith("anonymous:")
        alike = [each for each in self._feeders.values() if each.key.startswith("anonymous:") is is_unknown]
        if len(alike) >= (_MAX_UNKNOWN if is_unknown else _MAX_FEEDERS):
            silent = min(alike, key=lambda each: each.last_ms).key
            del self._feeders[silent]
            self._told.pop(silent, None)

    # --- over all processes ---

    async def run(self) -> None:
        """Send changes to the other processes until cancelled."""
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            self._forget_gone()
            states = self._here()
            for feeder in self._feeders.values():
                feeder.totals.append(feeder.accepted)
            whole, self._whole = self._whole, False
            told = {key: number for number, key in enumerate(self._told)}  # those not sent for longest come first
            changed = [state for state in states if whole or state != self._told.get(state.key)]
            changed = sorted(changed, key=lambda state: told.get(state.key, -1))[:_MAX_TOLD]
            if (changed or whole) and not await self._bus.publish(IngestStatsUpdate(self._bus.node_id, whole, changed)):
                self._whole = True
                continue
            if whole:
                self._told.clear()
            for state in changed:
                self._told.pop(state.key, None)
                self._told[state.key] = state

    def _forget_gone(self) -> None:
        for node in self._others.keys() - self._nodes.table.nodes.keys():
            del self._others[node]

    def _hear(self, signal: IngestStatsUpdate, _: Heard) -> None:
        if signal.node == self._bus.node_id:
            return
        if signal.whole:
            self._others[signal.node] = {}
        theirs = self._others.setdefault(signal.node, {})
        for state in signal.feeders:
            theirs.pop(state.key, None)
            theirs[state.key] = state
        for key in list(theirs)[: max(0, len(theirs) - _MAX_FEEDERS)]:
            del theirs[key]  # the sender has forgotten them itself

    def _hear_left(self, signal: NodeLeft, _: Heard) -> None:
        self._others.pop(signal.id, None)

    def _missed(self) -> None:
        self._whole = True

    def feeders(self) -> list[FeederState]:
        """Return every feeder, by name."""
        self._forget_gone()
        found: dict[str, list[FeederState]] = {}
        for states in self._others.values():
            for state in states.values():
                found.setdefault(state.key, []).append(state)
        for state in self._here():
            found.setdefault(state.key, []).append(state)
        return sorted((merge(states) for states in found.values()), key=lambda state: (state.name, state.key))
