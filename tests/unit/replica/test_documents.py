from __future__ import annotations

from dashboard.domain.selector import parse_selector
from dashboard.query.matching import Matching
from dashboard.replica.documents import DocumentKey, DocumentTable, StoredDocument


def keys(matching: Matching[DocumentKey]) -> list[str]:
    matching.refresh()
    return [member.text for member in matching.members]


def test_documents_are_found_by_selectors_as_they_come_and_go() -> None:
    table = DocumentTable()
    matching = Matching(table.index, [parse_selector('{__name__=~"note.*"}')])
    table["note1"] = StoredDocument(1, None)
    table["other"] = StoredDocument(2, None)
    table["note1"] = StoredDocument(3, None)
    assert (keys(matching), table["note1"].seq) == (["note1"], 3)
    del table["note1"]
    assert (keys(matching), dict(table)) == ([], {"other": StoredDocument(2, None)})
