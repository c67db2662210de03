"""A view: the series and documents that one screen needs at a rate, shared by all screens that need the same.

It stands at a position and is moved on once a tick.  What came between two positions is a *delta*, built the same way
for the tick's frame, for a reader that fell behind, and for one that comes back.  Everything is encoded once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec import Raw

from dashboard.domain.document import Document
from dashboard.domain.position import Position
from dashboard.domain.selector import Selector
from dashboard.domain.series import SeriesKey, parse_series
from dashboard.protocol.deflate import deflate
from dashboard.protocol.frames import Opcode, encode_frame
from dashboard.protocol.messages import (
    BucketsRow,
    Definition,
    DocumentState,
    Frame,
    GapNotice,
    PointsRow,
    Snapshot,
    encode,
    encode_definition,
)
from dashboard.replica.reading import buckets_from, buckets_since, samples_between, step_for
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series

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


class Shared:
    """A message that many connections get: its JSON once, its frame once, its compressed frame once and if needed."""

    __slots__ = ("_deflated", "_frame", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._frame = b""
        self._deflated = b""

    @property
    def frame(self) -> bytes:
        """As an uncompressed WebSocket frame."""
        if not self._frame:
            self._frame = encode_frame(Opcode.TEXT, self.body)
        return self._frame

    @property
    def deflated(self) -> bytes:
        """As a compressed WebSocket frame."""
        if not self._deflated:
            self._deflated = encode_frame(Opcode.TEXT, deflate(self.body), rsv1=True)
        return self._deflated


class View:
    """Reads a replica; ``frame_no`` counts the frames, ``seq`` is the entry it stands at."""

    def __init__(self, spec: ViewSpec, replica: Callable[[], Replica], as_of_ms: int) -> None:
        self.spec = spec
        self.id = spec.id
        self._replica = replica
        self.as_of_ms = as_of_ms
        self.seq = replica().position.seq
        self.previous_seq = self.seq
        self.frame_no = 0
        self.generation = 0  # changes when entries were missed
        self.oldest_accepted_ms: int | None = None  # when the oldest value in the last tick's frame was accepted
        self.step_ms = step_for(spec.window_ms, replica().table.windows)
        self.members: list[Series] = []
        self._places: dict[int, list[int]] = {}  # by sid: the selectors that want it
        self._document_places: dict[str, list[int]] = {}
        self.document_keys: list[str] = []
        self._seen = (-1, -1, "")
        self._snapshot: Shared | None = None
        self._deltas: dict[int, Shared | None] = {}

    @property
    def position(self) -> Position:
        """Where the view stands."""
        return Position(self._replica().position.epoch, self.seq)

    def rebase(self) -> None:
        """The replica has missed entries or begun another epoch: stand where it stands."""
        self.seq = self.previous_seq = self._replica().position.seq
        self.generation += 1
        self._snapshot = None
        self._deltas = {}

    def advance(self, as_of_ms: int) -> Shared | None:
        """Move on to the replica's position; the frame for those who are up to date, None when nothing changed for them."""
        replica = self._replica()
        self._refresh(replica)
        self.previous_seq, self.seq = self.seq, replica.position.seq
        self.as_of_ms = as_of_ms
        self._snapshot = None
        self._deltas = {}
        if self.seq == self.previous_seq:
            return None
        self.oldest_accepted_ms = None
        frame = self._build_delta(self.previous_seq, POINTS_PER_TICK, live=True)
        self._deltas[self.previous_seq] = frame
        if frame is not None:
            self.frame_no += 1
        return frame

    def is_large(self) -> bool:
        """Whether a snapshot takes so long that it must be built piece by piece (``snapshot_parts``)."""
        self._refresh(self._replica())
        return len(self.members) > _SMALL_VIEW

    def snapshot(self, as_of_ms: int) -> Shared:
        """Everything, as of the view's position; the same bytes for all who come between two ticks."""
        if self._snapshot is None:
            self._snapshot = Shared(b"".join(self.snapshot_parts(as_of_ms)))
        return self._snapshot

    def snapshot_parts(self, as_of_ms: int) -> Iterator[bytes]:
        """The snapshot's JSON in pieces, all as of where the view stands at the first, however it moves on meanwhile."""
        replica = self._replica()
        self._refresh(replica)
        seq, from_ms, members, places = self.seq, as_of_ms - self.spec.window_ms, self.members, self._places
        head = Snapshot(
            view=self.id,
            as_of=as_of_ms,
            position=self.position.text,
            window_s=self.spec.window_ms / 1000,
            rate_hz=self.spec.rate_hz,
            step_ms=self.step_ms,
            documents=[self._state(document) for document in self._documents(replica, -1)],
        )
        yield encode(head)[:-1] + b',"series":['
        for start in range(0, len(members), _SERIES_PER_PART):
            some = members[start : start + _SERIES_PER_PART]
            parts = [encode_definition(self._with_history(s, places[s.sid], seq, from_ms)) for s in some]
            yield (b"," if start else b"") + b",".join(parts)
        yield b"]}"

    def missing(self, since: Position) -> str:
        """Why a screen at ``since`` cannot be given all it has missed (it gets ``gap`` and a snapshot); empty: it can."""
        replica = self._replica()
        self._refresh(replica)
        if since.epoch != replica.position.epoch:
            return "epoch"
        if since.seq > self.seq:
            return "ahead"
        oldest = max(replica.floor_seq, replica.documents_floor, replica.table.gone_floor)
        if not self.step_ms:  # buckets are all still there
            oldest = max(oldest, *(max(series.trimmed_seq, series.thinned_seq) for series in self.members), 0)
        return "trimmed" if since.seq < oldest else ""

    def gap(self, reason: str) -> Shared:
        """The notice that comes before a snapshot when entries were missed."""
        return Shared(encode(GapNotice(self.id, reason, self.position.text)))

    def delta(self, after_seq: int, as_of_ms: int) -> Shared:
        """What came after ``after_seq``, up to where the view stands; the caller has asked ``missing`` first."""
        if after_seq not in self._deltas:
            accepted = self._replica().accepted_ms(after_seq + 1)
            ticks = 1 + int((as_of_ms - accepted) * self.spec.rate_hz / 1000) if accepted else 200
            if len(self._deltas) >= _KEPT_DELTAS:
                self._deltas.clear()
            self._deltas[after_seq] = self._build_delta(after_seq, POINTS_PER_TICK * max(1, ticks))
        return self._deltas[after_seq] or Shared(encode(Frame(self.id, self.as_of_ms, self.position.text)))

    def _refresh(self, replica: Replica) -> None:
        """Take in series and documents that came or went since the last look."""
        table = replica.table
        now = (table.version, replica.document_version, replica.position.epoch)
        if now == self._seen:
            return
        if self._seen[0] != table.version or self._seen[2] != replica.position.epoch:
            self._places = {s.sid: p for s in table if (p := self._match(s.key))}
            self.members = sorted((s for s in table if s.sid in self._places), key=lambda s: s.text)
        self._document_places = {key: p for key in replica.documents if (p := self._match(SeriesKey(key)))}
        self.document_keys = list(self._document_places)
        self._seen = now

    def _match(self, key: SeriesKey) -> list[int]:
        """Places in the request's list of the selectors that want this."""
        return [place for place, selector in enumerate(self.spec.selectors) if selector.matches(key)]

    def _build_delta(self, after_seq: int, limit: int, *, live: bool = False) -> Shared | None:
        """``live``: this is a tick's frame, so its oldest value tells how long values take."""
        replica = self._replica()
        changed = [series for series in self.members if series.last_seq > after_seq]
        points, buckets = self._rows(changed, after_seq, limit)
        defined = [s for s in self.members if s.created_seq > after_seq or s.meta_seq > after_seq]
        gone = [
            sid
            for seq, sid, text in replica.table.gone
            if seq > after_seq and text not in replica.table.by_text and self._match(parse_series(text))
        ]
        documents = self._documents(replica, after_seq)
        stored = [(key, replica.documents[key]) for key in self.document_keys]
        gone_documents = [key for key, state in stored if state.document is None and state.seq > after_seq]
        if not (points or buckets or defined or gone or documents or gone_documents):
            return None
        accepted = None
        if live and changed:
            accepted = replica.accepted_ms(min(_first_after(series, after_seq) for series in changed))
            self.oldest_accepted_ms = accepted
        frame = Frame(
            view=self.id,
            as_of=self.as_of_ms,
            position=self.position.text,
            accepted=accepted,
            points=points,
            buckets=buckets,
            series=[_define(series, self._places[series.sid]) for series in defined],
            documents=[self._state(document) for document in documents],
            gone=gone,
            gone_documents=gone_documents,
        )
        return Shared(encode(frame))

    def _rows(self, changed: list[Series], after_seq: int, limit: int) -> tuple[list[PointsRow], list[BucketsRow]]:
        points: list[PointsRow] = []
        buckets: list[BucketsRow] = []
        from_ms = self.as_of_ms - self.spec.window_ms
        for series in changed:
            if self.step_ms:
                windows = self._replica().table.windows
                columns = buckets_since(series, self.step_ms, after_seq, from_ms, windows)
                if columns.times:
                    buckets.append((series.sid, columns.times, columns.mins, columns.means, columns.maxs))
                continue
            got = samples_between(series, after_seq, self.seq, limit)
            if got.of > len(got.times):
                points.append((series.sid, got.times, got.values, got.of))
            elif got.of:  # else its news is after the place where the view stands
                points.append((series.sid, got.times, got.values))
        return points, buckets

    def _documents(self, replica: Replica, after_seq: int) -> list[Document]:
        stored = [replica.documents[key] for key in self.document_keys]
        return [s.document for s in stored if s.seq > after_seq and s.document is not None]

    def _with_history(self, series: Series, places: list[int], seq: int, from_ms: int) -> Definition:
        if self.step_ms:
            columns = buckets_from(series, self.step_ms, from_ms, self._replica().table.windows)
            return _define(series, places, t=columns.times, min=columns.mins, mean=columns.means, max=columns.maxs)
        got = samples_between(series, -1, seq, self.spec.points, from_ms)
        return _define(series, places, t=got.times, v=got.values, of=got.of if got.of > len(got.times) else None)

    def _state(self, document: Document) -> DocumentState:
        places = self._document_places[document.key]
        return DocumentState(document.key, Raw(document.body), document.t_ms, document.every_s, places)


def _first_after(series: Series, after_seq: int) -> int:
    """The first entry after ``after_seq`` that this series, which has one, got a sample from."""
    seqs = series.seqs
    at = len(seqs) - 1
    while at > 0 and seqs[at - 1] > after_seq:
        at -= 1
    return seqs[at]


def _define(series: Series, places: list[int], **history: object) -> Definition:
    return Definition(
        sid=series.sid,
        series=series.text,
        name=series.key.name,
        labels=dict(series.key.labels),
        unit=series.unit,
        every_s=series.every_s,
        last=series.last_ms,
        selectors=places,
        **history,  # type: ignore[arg-type]  # columns by name
    )
