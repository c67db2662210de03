"""A view: the series and documents that one screen needs at a rate, shared by all screens that need the same.

It stands at a position and is moved on once a tick.  What came between two positions is a *delta*, built the same way
for the tick's frame, for a reader that fell behind, and for one that comes back.  Everything is encoded once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dashboard.domain.position import Seen, positions_text
from dashboard.domain.selector import Selector
from dashboard.hub.part import Changes, Part
from dashboard.hub.shared import Shared
from dashboard.messages.views import Frame, GapNotice, Snapshot, encode, encode_definition
from dashboard.query.reading import step_for
from dashboard.replica.replica import Replica

#: A series fed faster than the tick arrives whole up to so many points a tick.
POINTS_PER_TICK = 50
#: Series in a view whose snapshot is still built in one go, and in a piece of one that is not.
_SMALL_VIEW = 200
_SERIES_PER_PART = 100
#: Catch-up messages kept for a tick, by the position they start from.
_KEPT_DELTAS = 64


class ViewSpec(NamedTuple):
    """What makes two views the same. ``points``: the most samples of a series in a snapshot."""

    selectors: tuple[Selector, ...]
    window_ms: int
    rate_hz: float
    points: int

    @property
    def id(self) -> str:
        """The same on every process and after every restart."""
        text = repr(([s.text for s in self.selectors], self.window_ms, self.rate_hz, self.points))
        return "v" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class View:
    """Reads the replicas of the partitions it needs; ``frame_no`` counts the frames, ``seqs`` is where it stands in each."""

    def __init__(self, spec: ViewSpec, replicas: Sequence[Callable[[], Replica]], as_of_ms: int) -> None:
        self.spec = spec
        self.id = spec.id
        self.as_of_ms = as_of_ms
        self.frame_no = 0
        self.turn = 0  # of its next tick, see Hub
        self.generation = 0  # changes when entries were missed
        self.gap_reason = "trimmed"  # why they last were
        self.oldest_accepted_ms: int | None = None  # when the oldest value in the last tick's frame was accepted
        self.step_ms = step_for(spec.window_ms, replicas[0]().table.windows)
        self._parts = [
            Part(replica, spec.selectors, window_ms=spec.window_ms, step_ms=self.step_ms) for replica in replicas
        ]
        self.seqs = self._places()
        self._snapshot: Shared | None = None
        self._deltas: dict[tuple[int, ...], Shared | None] = {}

    def _places(self) -> tuple[int, ...]:
        return tuple(part.seq for part in self._parts)

    @property
    def positions(self) -> list[Seen]:
        """Where the view stands in each of its partitions."""
        return [part.position for part in self._parts]

    def at(self, seqs: tuple[int, ...]) -> list[Seen]:
        """The place ``seqs`` in the epochs of now."""
        return [Seen(part.position.epoch, seq) for part, seq in zip(self._parts, seqs, strict=True)]

    def rebase(self) -> None:
        """A replica has missed entries or begun another epoch: stand where they stand."""
        for part in self._parts:
            part.restart()
        self.seqs = self._places()
        self.generation += 1
        self._snapshot = None
        self._deltas = {}

    def advance(self, as_of_ms: int) -> Shared | None:
        """Move on to the replicas' positions; the frame for those who are up to date, None when nothing changed for them."""
        moved = [part.advance() for part in self._parts]
        previous, self.seqs = self.seqs, self._places()
        self.as_of_ms = as_of_ms
        self._snapshot = None
        self._deltas = {}
        if not any(moved):
            return None
        self.oldest_accepted_ms = None
        frame = self._build_delta(previous, POINTS_PER_TICK, live=True)
        self._deltas[previous] = frame
        if frame is not None:
            self.frame_no += 1
        return frame

    def is_large(self) -> bool:
        """Whether a snapshot takes so long that it must be built piece by piece (``snapshot_parts``)."""
        for part in self._parts:
            part.refresh()
        return sum(len(part.members) for part in self._parts) > _SMALL_VIEW

    def snapshot(self, as_of_ms: int) -> Shared:
        """Everything, as of the view's position; the same bytes for all who come between two ticks."""
        if self._snapshot is None:
            self._snapshot = Shared(b"".join(self.snapshot_parts(as_of_ms)))
        return self._snapshot

    def snapshot_parts(self, as_of_ms: int) -> Iterator[bytes]:
        """The snapshot's JSON in pieces, all as of where the view stands at the first, however it moves on meanwhile."""
        for part in self._parts:
            part.refresh()
        from_ms = as_of_ms - self.spec.window_ms
        members = [(series, part, part.seq) for part in self._parts for series in part.members]
        if len(self._parts) > 1:
            members.sort(key=lambda each: each[0].text)
        head = Snapshot(
            view=self.id,
            as_of=as_of_ms,
            position=positions_text(self.positions),
            window_s=self.spec.window_ms / 1000,
            rate_hz=self.spec.rate_hz,
            step_ms=self.step_ms,
            documents=[document for part in self._parts for document in part.documents(-1)],
        )
        yield encode(head)[:-1] + b',"series":['
        for start in range(0, len(members), _SERIES_PER_PART):
            some = members[start : start + _SERIES_PER_PART]
            rows = [encode_definition(p.with_history(s, seq, from_ms, self.spec.points)) for s, p, seq in some]
            yield (b"," if start else b"") + b",".join(rows)
        yield b"]}"

    def holds(self, since: Sequence[Seen]) -> bool:
        """Whether this process has got as far as a screen that comes from another one; if not, it will in a moment."""
        return len(since) != len(self._parts) or all(map(Part.holds, self._parts, since))

    def missing(self, since: Sequence[Seen]) -> str:
        """Why a screen at ``since`` cannot be given all it has missed (it gets ``gap`` and a snapshot); empty: it can."""
        if len(since) != len(self._parts):
            return "epoch"  # the journal was divided in another way
        return next(filter(None, map(Part.missing, self._parts, since)), "")

    def gap(self, reason: str) -> Shared:
        """The notice that comes before a snapshot when entries were missed."""
        return Shared(encode(GapNotice(self.id, reason, positions_text(self.positions))))

    def delta(self, after: tuple[int, ...], as_of_ms: int) -> Shared:
        """What came after ``after``, up to where the view stands; the caller has asked ``missing`` first."""
        if after not in self._deltas:
            ticks = 1
            for part, seq in zip(self._parts, after, strict=True):
                if seq < part.seq:
                    accepted = part.accepted_ms(seq + 1)
                    past = 1 + int((as_of_ms - accepted) * self.spec.rate_hz / 1000) if accepted else 200
                    ticks = max(ticks, past)
            if len(self._deltas) >= _KEPT_DELTAS:
                self._deltas.clear()
            self._deltas[after] = self._build_delta(after, POINTS_PER_TICK * ticks, live=False)
        return self._deltas[after] or Shared(encode(Frame(self.id, self.as_of_ms, positions_text(self.positions))))

    def _build_delta(self, after: tuple[int, ...], limit: int, *, live: bool) -> Shared | None:
        """``live``: this is a tick's frame, so its oldest value tells how long values take."""
        found = [
            changes
            for part, seq in zip(self._parts, after, strict=True)
            if (changes := part.changes(seq, limit, self.as_of_ms, live=live)) is not None
        ]
        if not found:
            return None
        first = found[0]
        for other in found[1:]:
            _merge(first, other)
        if first.accepted is not None:
            self.oldest_accepted_ms = first.accepted
        frame = Frame(
            view=self.id,
            as_of=self.as_of_ms,
            position=positions_text(self.positions),
            accepted=first.accepted,
            points=first.points,
            buckets=first.buckets,
            series=first.series,
            documents=first.documents,
            gone=first.gone,
            gone_documents=first.gone_documents,
        )
        return Shared(encode(frame))


def _merge(into: Changes, other: Changes) -> None:
    """The changes of two parts as one."""
    times = [t for t in (into.accepted, other.accepted) if t is not None]
    into.accepted = min(times, default=None)
    into.points += other.points
    into.buckets += other.buckets
    into.series += other.series
    into.documents += other.documents
    into.gone += other.gone
    into.gone_documents += other.gone_documents
