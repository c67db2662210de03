"""Documents of a replica by key, with an index of their keys for selectors."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.domain.document import Document
from dashboard.domain.series import SeriesKey
from dashboard.index.series_index import SeriesIndex


class StoredDocument(NamedTuple):
    """A document and the seq of the entry that wrote it. ``document`` is None if that entry deleted it."""

    seq: int
    document: Document | None


class DocumentKey(NamedTuple):
    """The key of a document as selectors see it: a name without labels."""

    text: str
    key: SeriesKey


class DocumentTable(dict[str, StoredDocument]):
    """Documents by key: the documents that exist, and the deleted documents that are remembered.

    Change the table only by setting and deleting single items, which keeps the index current.
    """

    def __init__(self) -> None:
        super().__init__()
        self.index: SeriesIndex[DocumentKey] = SeriesIndex()

    def __setitem__(self, key: str, stored: StoredDocument) -> None:
        item = DocumentKey(key, SeriesKey(key))
        if key in self:
            self.index.fire(item)
        else:
            self.index.add(item)
        super().__setitem__(key, stored)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.index.remove(DocumentKey(key, SeriesKey(key)))
