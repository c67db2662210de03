"""Part of a view that one partition serves: its matching series and documents, and their changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from msgspec import Raw

from dashboard.domain.document import Document
from dashboard.domain.position import Seen
from dashboard.domain.selector import Selector
from dashboard.domain.series import SeriesKey, parse_series
from dashboard.hub.shared_changes import Changes, SharedChanges
from dashboard.messages.views import BucketsRow, Definition, DocumentState, PointsRow
from dashboard.query.matching import Matching
from dashboard.query.reading import buckets_from, buckets_since, newest, samples_between
from dashboard.replica.documents import DocumentKey
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series


class Part:
    """Reader of one partition's replica. ``seq``: the last entry read; ``step_ms``: length of the buckets, 0 for raw samples.

    ``on_change``: called once after each ``advance`` when something that the part shows has changed. ``shared``: changes in common
    with the parts of other views.
    """

    def __init__(
        self,
        replica: Callable[[], Replica],
        selectors: tuple[Selector, ...],
        *,
        window_ms: int,
        step_ms: int,
        on_change: Callable[[], None],
        shared: SharedChanges | None = None,
    ) -> None:
        self._replica = replica
        self._selectors = selectors
        self._window_ms = window_ms
        self._step_ms = step_ms
        self._on_change = on_change
        self._shared = shared or SharedChanges()
        self.seq = replica().position.seq
        self._unchanged_seq = (
            -1
        )  # up to this entry nothing that the part shows has changed since ``seq``; -1: nothing has
        self._match()

    def _match(self) -> None:
        replica = self._replica()
        self._series = Matching(replica.table.index, self._selectors, self._changed)
        self._documents = Matching(replica.documents.index, self._selectors, self._changed)
        self._series.arm()
        self._documents.arm()

    def _changed(self) -> None:
        if self._unchanged_seq < 0:
            self._unchanged_seq = max(self.seq, self._replica().position.seq - 1)
            self._on_change()

    def count(self) -> int:
        """Return how many series and documents the selectors match, counted once for each selector."""
        return self._series.count() + self._documents.count()

    def close(self) -> None:
        """Release the matches of the selectors; the part cannot be used any more."""
        self._series.close()
        self._documents.close()

    @property
    def members(self) -> list[Series]:
        """Series that the selectors match, sorted by text, as of the last ``refresh``."""
        return self._series.members

    @property
    def position(self) -> Seen:
        """Position of this part: epoch, entry and its journal time."""
        replica = self._replica()
        return Seen(replica.position.epoch, max(self.seq - replica.unsettled, 0), replica.accepted_ms(self.seq) or 0)

    def advance(self) -> int:
        """Advance to the replica's position; return the number of the entry up to which nothing has changed since the last call."""
        self.refresh()
        self.seq = self._replica().position.seq
        unchanged, self._unchanged_seq = self._unchanged_seq, -1
        if unchanged < 0:
            return self.seq
        self._series.arm()
        self._documents.arm()
        return unchanged

    def holds(self, since: Seen) -> bool:
        """Return whether the replica has reached ``since``.

        Return True also if the epochs differ, because then the replica will never reach ``since``.
        """
        position = self._replica().position
        return since.epoch != position.epoch or since.seq <= position.seq

    def missing(self, since: Seen) -> str:
        """Return why a client at ``since`` needs a snapshot: ``epoch``, ``ahead`` or ``trimmed``; empty if it needs none."""
        replica = self._replica()
        self.refresh()
        if since.epoch != replica.position.epoch:
            return "epoch"
        if since.seq > self.seq:
            return "ahead"
        if since.t_ms and (replica.accepted_ms(since.seq) or since.t_ms) != since.t_ms:
            return "epoch"  # the client has another entry of this number
        oldest = max(replica.floor_seq, replica.documents_floor, replica.table.gone_floor)
        if not self._step_ms:  # buckets are not trimmed with the samples
            oldest = max(oldest, *(max(series.trimmed_seq, series.thinned_seq) for series in self.members), 0)
        return "trimmed" if since.seq < oldest else ""

    def accepted_ms(self, seq: int) -> int | None:
        """Return the journal's time of an entry; None if the replica no longer knows the time."""
        return self._replica().accepted_ms(seq)

    def refresh(self) -> None:
        """Update the matches with the series and documents that were added or removed since the last call."""
        replica = self._replica()
        if replica.table.index is not self._series.index:  # the replica was replaced
            self.close()
            self._match()
            self._changed()
            return
        self._series.refresh()
        self._documents.refresh()

    def _matches(self, key: SeriesKey) -> bool:
        return any(selector.matches(key) for selector in self._selectors)

    def changes(self, after_seq: int, limit: int, as_of_ms: int, *, live: bool) -> Changes | None:
        """Return the changes after ``after_seq``, None if there are none; the caller must not change them.

        ``limit``: maximum number of samples per series. ``as_of_ms``: the journal's time now. ``live``: whether to
        include the time of acceptance of the oldest value.
        """
        replica = self._replica()
        if self._step_ms or not live or self.seq != replica.position.seq:
            return self._collect(after_seq, limit, as_of_ms, live=live)
        key = self._selectors, after_seq, limit
        return self._shared.of(replica, key, lambda: self._collect(after_seq, limit, as_of_ms, live=True))

    def _collect(self, after_seq: int, limit: int, as_of_ms: int, *, live: bool) -> Changes | None:
        replica = self._replica()
        changed = [series for series in self.members if series.last_seq > after_seq]
        points, buckets = self._rows(changed, after_seq, limit, as_of_ms)
        defined = [s for s in self.members if s.created_seq > after_seq or s.meta_seq > after_seq]
        gone = [
            sid
            for _, sid, text in takewhile(lambda gone: gone[0] > after_seq, reversed(replica.table.gone))
            if text not in replica.table.by_text and self._matches(parse_series(text))
        ]
        documents = self.documents(after_seq)
        stored = [(each.text, replica.documents[each.text]) for each in self._documents.members]
        gone_documents = [key for key, state in stored if state.document is None and state.seq > after_seq]
        if not (points or buckets or defined or gone or documents or gone_documents):
            return None
        accepted = None
        if live and changed:
            accepted = replica.accepted_ms(min(_first_after(series, after_seq) for series in changed))
        definitions = [self._define(series, self._series.places[series]) for series in defined]
        return Changes(accepted, points, buckets, definitions, documents, gone, gone_documents)

    def _rows(
        self, changed: list[Series], after_seq: int, limit: int, as_of_ms: int
    ) -> tuple[list[PointsRow], list[BucketsRow]]:
        points: list[PointsRow] = []
        buckets: list[BucketsRow] = []
        from_ms = as_of_ms - self._window_ms
        for series in changed:
            if self._step_ms:
                windows = self._replica().table.windows
                columns = buckets_since(series, self._step_ms, after_seq, from_ms, windows)
                if columns.times:
                    row = (series.sid, columns.times, columns.mins, columns.means, columns.maxs, newest(series))
                    buckets.append(row)
                continue
            got = samples_between(series, after_seq, self.seq, limit)
            if got.of > len(got.times):
                points.append((series.sid, got.times, got.values, got.of))
            elif got.of:  # else its new samples are newer than the view's position
                points.append((series.sid, got.times, got.values))
        return points, buckets

    def documents(self, after_seq: int) -> list[DocumentState]:
        """Return the documents written after ``after_seq``; with -1, all documents."""
        stored = [self._replica().documents[each.text] for each in self._documents.members]
        return [self._state(s.document) for s in stored if s.seq > after_seq and s.document is not None]

    def with_history(self, series: Series, seq: int, from_ms: int, points: int) -> Definition:
        """Return a series' definition with its history up to entry ``seq``: buckets, or the newest ``points`` samples,
        from ``from_ms`` on."""
        places = self._series.places.get(series, [])
        if self._step_ms:
            columns = buckets_from(series, self._step_ms, from_ms, self._replica().table.windows)
            history = {"t": columns.times, "min": columns.mins, "mean": columns.means, "max": columns.maxs}
            return self._define(series, places, **history, newest=newest(series))
        got = samples_between(series, -1, seq, points, from_ms)
        return self._define(series, places, t=got.times, v=got.values, of=got.of if got.of > len(got.times) else None)

    def _define(self, series: Series, places: list[int], **history: object) -> Definition:
        text, name = self._replica().shown(series)
        return Definition(
            sid=series.sid,
            series=text,
            name=name,
            labels=dict(series.key.labels),
            unit=series.unit,
            every_s=series.every_s,
            last=series.last_ms,
            selectors=places,
            kind=series.kind,
            ended=series.ended_ms,
            **history,  # type: ignore[arg-type]  # columns by name
        )

    def _state(self, document: Document) -> DocumentState:
        places = self._documents.places[DocumentKey(document.key, SeriesKey(document.key))]
        return DocumentState(document.key, Raw(document.body), document.t_ms, document.every_s, places)


def _first_after(series: Series, after_seq: int) -> int:
    """Return the number of the first entry after ``after_seq`` with a sample of this series; there must be one."""
    seqs = series.seqs
    at = len(seqs) - 1
    while at > 0 and seqs[at - 1] > after_seq:
        at -= 1
    return seqs[at]
