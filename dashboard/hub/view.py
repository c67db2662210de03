"""View: the series and documents that a screen shows, and the rate of its frames. Screens with the same needs share one view.

A view has a position and advances once a tick. The changes between two positions are a *delta*. A delta is built in the same way
for a tick's frame, for a client that fell behind, and for a client that reconnects. Each delta and snapshot is encoded once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from dashboard.domain.position import Seen, positions_text
from dashboard.domain.selector import NOTHING, Selector
from dashboard.expressions.watched import LiveSpec
from dashboard.hub.part import Part
from dashboard.hub.shared import Shared
from dashboard.hub.shared_changes import Changes, SharedChanges
from dashboard.messages.views import Frame, GapNotice, Snapshot, encode, encode_definition
from dashboard.query.reading import step_for
from dashboard.replica.replica import Replica

#: Points of one series in a tick's frame; of more, a selection is sent.
POINTS_PER_TICK = 50
#: Snapshots of views with more series than this are built in pieces.
_SMALL_VIEW = 200
#: Series in one of these pieces.
_SERIES_PER_PART = 100
#: Deltas kept for a tick, by their start position; beyond it all are dropped and built again.
_KEPT_DELTAS = 64


class ViewSpec(NamedTuple):
    """Identity of a view: equal specifications share one view. ``points``: maximum number of samples per series in a snapshot.

    ``expressions``: the expressions whose derived series the selectors match. ``skipped``: indices of selectors that are left
    out for now. The partitions are those of all selectors, so that the view's positions stay valid when other selectors are left
    out.
    """

    selectors: tuple[Selector, ...]
    window_ms: int
    rate_hz: float
    points: int
    expressions: tuple[LiveSpec, ...] = ()
    skipped: tuple[int, ...] = ()

    @property
    def shown(self) -> tuple[Selector, ...]:
        """The selectors in their order. In the place of a skipped selector stands one that matches nothing."""
        left_out = set(self.skipped)
        return tuple(NOTHING if at in left_out else each for at, each in enumerate(self.selectors))

    @property
    def evaluated(self) -> tuple[LiveSpec, ...]:
        """The expressions whose derived series are not left out."""
        if not self.skipped:
            return self.expressions
        shown = {each.text for each in self.shown}
        return tuple(each for each in self.expressions if each.selector.text in shown)

    @property
    def id(self) -> str:
        """Identifier, the same in every process and after every restart."""
        text = repr(([s.text for s in self.selectors], self.window_ms, self.rate_hz, self.points, *self.skipped))
        return "v" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class View:
    """Reader of the replicas that a specification needs. ``frame_no``: number of frames; ``seqs``: last entry of each
    partition.

    ``as_of_ms``, in all methods: the journal's time now. ``on_change``: called with the view when something shown has
    changed, at most once before the next ``advance``. ``shared``: changes in common with other views.
    """

    def __init__(
        self,
        spec: ViewSpec,
        replicas: Sequence[Callable[[], Replica]],
        as_of_ms: int,
        on_change: Callable[[View], None] = lambda view: None,
        shared: SharedChanges | None = None,
    ) -> None:
        self.spec = spec
        self.id = spec.id
        self.as_of_ms = as_of_ms
        self.frame_no = 0
        self.has_changed = False  # since it last advanced
        self.ticked_s = -inf  # monotonic time of its last tick
        self.due_s = inf  # monotonic time of its next tick, if one is scheduled
        self.generation = 0  # changes when entries were missed
        self.gap_reason = "trimmed"  # why entries were last missed
        self.oldest_accepted_ms: int | None = None  # when the oldest value in the last tick's frame was accepted
        self.step_ms = step_for(spec.window_ms, replicas[0]().table.windows)
        self._on_change = on_change
        self._parts = [
            Part(
                replica,
                spec.shown,
                window_ms=spec.window_ms,
                step_ms=self.step_ms,
                on_change=self._part_changed,
                shared=shared,
            )
            for replica in replicas
        ]
        self.seqs = self._places()
        self.unchanged_seqs = self.seqs  # up to here nothing had changed since the position before the last advance
        self._snapshot: Shared | None = None
        self._deltas: dict[tuple[int, ...], Shared | None] = {}

    def _part_changed(self) -> None:
        if not self.has_changed:
            self.has_changed = True
            self._on_change(self)

    def _places(self) -> tuple[int, ...]:
        return tuple(part.seq for part in self._parts)

    def count(self) -> int:
        """Return how many series and documents the selectors match, counted once for each selector."""
        return sum(part.count() for part in self._parts)

    def ignore_changes(self) -> None:
        """Report no further change, because nobody watches the view any more."""
        self._on_change = lambda _: None

    def close(self) -> None:
        """Release the matches of the selectors, because nobody watches the view any more."""
        for part in self._parts:
            part.close()

    @property
    def positions(self) -> list[Seen]:
        """Positions of the view, one per partition."""
        return [part.position for part in self._parts]

    def at(self, seqs: tuple[int, ...]) -> list[Seen]:
        """Return the positions of the entries ``seqs`` in the partitions' current epochs."""
        return [Seen(part.position.epoch, seq) for part, seq in zip(self._parts, seqs, strict=True)]

    def rebase(self) -> None:
        """Move to the replicas' positions, after a replica missed entries or began another epoch."""
        self._move()
        self.generation += 1

    def advance(self, as_of_ms: int) -> Shared | None:
        """Advance to the replicas' positions; return the frame for up-to-date clients, None if nothing changed."""
        self._move()
        self.as_of_ms = as_of_ms
        if self.unchanged_seqs == self.seqs:
            return None
        self.oldest_accepted_ms = None
        frame = self._build_delta(self.unchanged_seqs, POINTS_PER_TICK, live=True)
        self._deltas[self.unchanged_seqs] = frame
        if frame is not None:
            self.frame_no += 1
        return frame

    def _move(self) -> None:
        self.unchanged_seqs = tuple([part.advance() for part in self._parts])
        self.seqs = self._places()
        self.has_changed = False
        self._snapshot = None
        self._deltas = {}

    def is_large(self) -> bool:
        """Return whether the view has so many series that its snapshot must be built in pieces (``snapshot_parts``)."""
        for part in self._parts:
            part.refresh()
        return sum(len(part.members) for part in self._parts) > _SMALL_VIEW

    def snapshot(self, as_of_ms: int) -> Shared:
        """Return the whole view at its position; calls between two ticks share the same bytes."""
        if self._snapshot is None:
            self._snapshot = Shared(b"".join(self.snapshot_parts(as_of_ms)))
        return self._snapshot

    def snapshot_parts(self, as_of_ms: int) -> Iterator[bytes]:
        """Yield the snapshot's JSON in pieces. All pieces belong to the view's position at the first piece, even if the view advances."""
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
        """Return whether the replicas have reached a client's positions ``since``."""
        return len(since) != len(self._parts) or all(map(Part.holds, self._parts, since))

    def missing(self, since: Sequence[Seen]) -> str:
        """Return why a client at ``since`` needs ``gap`` and a snapshot instead of a delta; empty if a delta is possible."""
        if len(since) != len(self._parts):
            return "epoch"  # the number of partitions has changed
        return next(filter(None, map(Part.missing, self._parts, since)), "")

    def gap(self, reason: str) -> Shared:
        """Return the notice that precedes a snapshot when entries were missed."""
        return Shared(encode(GapNotice(self.id, reason, positions_text(self.positions))))

    def delta(self, after: tuple[int, ...], as_of_ms: int) -> Shared:
        """Return the changes from ``after`` to the view's position; the caller must have checked ``missing``."""
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
        """Build a delta, None if nothing changed.

        ``limit``: maximum number of samples per series. ``live``: True for a tick's frame, which also contains the
        delay of its oldest value.
        """
        found = [
            changes
            for part, seq in zip(self._parts, after, strict=True)
            if (changes := part.changes(seq, limit, self.as_of_ms, live=live)) is not None
        ]
        if not found:
            return None
        first = found[0] if len(found) == 1 else _merged(found)
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


def _merged(parts: Sequence[Changes]) -> Changes:
    """Return the changes of several parts as one."""
    merged = Changes(
        min((part.accepted for part in parts if part.accepted is not None), default=None), [], [], [], [], [], []
    )
    for part in parts:
        merged.points += part.points
        merged.buckets += part.buckets
        merged.series += part.series
        merged.documents += part.documents
        merged.gone += part.gone
        merged.gone_documents += part.gone_documents
    return merged
