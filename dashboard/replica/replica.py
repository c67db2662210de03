"""Replica of one partition: its whole state. ``apply(entry)`` changes the state; all other methods only read.

The journal reports a hole, a new epoch or a rewind as ``Gap``, and the replica remembers it.  So a screen that asks for the changes
after a position before the gap learns that entries are missing.
"""

from __future__ import annotations

from array import array

from dashboard.domain.document import Document
from dashboard.domain.errors import Invalid
from dashboard.domain.position import Position
from dashboard.entries.documents import DocumentDeleted, DocumentWritten, ItemsListed
from dashboard.entries.metrics import Change, decode_change
from dashboard.entries.samples import Samples, SeriesEnded
from dashboard.journal.port import Entry, Gap
from dashboard.replica.documents import DocumentTable, StoredDocument
from dashboard.replica.items import with_items
from dashboard.replica.series import Series, Windows
from dashboard.replica.series_table import SeriesTable

#: Newest entries whose time of acceptance is known; ``accepted_ms`` returns None for older ones.
_KNOWN_TIMES = 65_536
#: Deleted documents remembered; screens with a position from before an older one get a snapshot.
_KNOWN_DELETED = 1_000


class Replica:
    """State of one partition. ``position`` is that of the last entry applied, ``now_ms`` its time."""

    #: Screens get a position that is earlier by this many entries.
    unsettled = 0

    def __init__(self, windows: Windows, position: Position) -> None:
        self.table = SeriesTable(windows)
        self.documents = DocumentTable()
        self.position = position
        self.now_ms = 0
        self.floor_seq = 0  # screens with a position older than this have missed entries
        self.documents_floor = 0  # screens with a position older than this may have missed deletions of documents
        self.broken = 0  # entries that could not be read
        self.samples = 0
        self.document_version = 0  # changes whenever a document is written first or deleted
        self._counted = -1, 0  # the version at which documents were last counted, and how many there were
        self._times = array("q")
        self._times_end = position.seq

    def apply(self, entry: Entry) -> None:
        """Apply the next entry; skip an unreadable entry and count it in ``broken``."""
        self.position = Position(self.position.epoch, entry.seq)
        self.now_ms = entry.t_ms
        self._remember_time(entry)
        try:
            self._apply(entry, decode_change(entry.payload))
        except Invalid:
            self.broken += 1

    def _apply(self, entry: Entry, change: Change) -> None:
        if isinstance(change, Samples):
            swept_ms = self.table.swept_ms
            self.table.apply(entry.seq, entry.t_ms, change)
            if self.table.swept_ms != swept_ms:
                self._forget_passing(entry)
            self.samples += len(change.values) // 8
        elif isinstance(change, SeriesEnded):
            self.table.end(entry.seq, entry.t_ms, change)
        else:
            self._apply_document(entry, change)

    def _apply_document(self, entry: Entry, change: DocumentWritten | DocumentDeleted | ItemsListed) -> None:
        known = self.documents.get(change.key)
        if known is not None and known.seq >= entry.seq:
            return  # the checkpoint already held this change
        document = None
        if isinstance(change, DocumentWritten):
            document = Document(change.key, change.body, entry.t_ms, change.every_s, change.passing)
        elif isinstance(change, ItemsListed):
            before = known.document.body if known is not None and known.document is not None else b""
            after = with_items(before, change)
            if after is before:
                return
            document = Document(change.key, after, entry.t_ms)
        if (known is not None and known.document is not None) != (document is not None):
            self.document_version += 1
        self.documents[change.key] = StoredDocument(entry.seq, document)
        if document is None:
            self._forget_deleted()

    def _forget_passing(self, entry: Entry) -> None:
        """Delete each ``passing`` document that was not written during the longest window. Silent series are forgotten alike."""
        horizon = self.table.patience.kept_ms - self.table.windows.coarse_ms
        for key, stored in list(self.documents.items()):
            document = stored.document
            if document is not None and document.passing and document.t_ms < horizon:
                self.documents[key] = StoredDocument(entry.seq, None)
                self.document_version += 1
        self._forget_deleted()

    def _forget_deleted(self) -> None:
        """Forget the oldest deleted documents beyond the limit; the newer deletions are kept for screens that connect
        again."""
        deleted = [(stored.seq, key) for key, stored in self.documents.items() if stored.document is None]
        for seq, key in sorted(deleted)[: max(0, len(deleted) - _KNOWN_DELETED)]:
            self.documents_floor = seq
            del self.documents[key]
            self.document_version += 1

    def shown(self, series: Series) -> tuple[str, str]:
        """Return a series' text and name as screens see them."""
        return series.text, series.key.name

    def document_count(self) -> int:
        """Return the number of documents, without deleted ones."""
        if self._counted[0] != self.document_version:
            there = sum(stored.document is not None for stored in self.documents.values())
            self._counted = self.document_version, there
        return self._counted[1]

    def gap(self, gap: Gap) -> None:
        """Record that entries are missing before the next entry."""
        if gap.position.epoch != self.position.epoch or gap.position.seq < self.position.seq:
            self.table.rebase()
            for key, stored in self.documents.items():
                self.documents[key] = StoredDocument(0, stored.document)
            self.documents_floor = 0
        self.position = gap.position
        self.floor_seq = gap.position.seq
        self._times = array("q")
        self._times_end = gap.position.seq

    def _remember_time(self, entry: Entry) -> None:
        self._times.append(entry.t_ms)
        self._times_end = entry.seq
        if len(self._times) > _KNOWN_TIMES + 4_096:
            del self._times[:4_096]

    def accepted_ms(self, seq: int) -> int | None:
        """Return the journal's time of entry ``seq``; None if the time is no longer known."""
        at = len(self._times) - 1 - (self._times_end - seq)
        return self._times[at] if 0 <= at < len(self._times) else None
