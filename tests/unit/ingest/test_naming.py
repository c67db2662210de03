from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.series import check_name, parse_series
from dashboard.ingest.naming import foreign_document, foreign_key, foreign_labels, foreign_name, shown


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [("a.b-c/d:e", "a.b-c/d:e"), ("win cpu%", "win_cpu_"), ("9a", "_9a"), (".a", "_.a"), ("é", "_"), ("a\nb", "a_b")],
)
def test_names(foreign: str, ours: str) -> None:
    assert foreign_name(foreign) == ours


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [({"a.b": "x"}, {"a_b": "x"}), ({"9": "x"}, {"_9": "x"}), ({"__a": "x"}, {"_a": "x"}), ({"a": ""}, {}), ({"": "x"}, {"_": "x"}),
     ({"a.b": "x", "a_b": "x"}, {"a_b": "x"})],
)  # fmt: skip
def test_labels(foreign: dict[str, str], ours: dict[str, str]) -> None:
    assert foreign_labels(foreign.items()) == ours


def test_nothing_collides_in_silence() -> None:
    with pytest.raises(Invalid, match="a_b"):
        foreign_labels([("a.b", "x"), ("a_b", "y")])
    with pytest.raises(Invalid):
        foreign_name("")


@given(st.text(min_size=1), st.dictionaries(st.text(), st.text(), max_size=9))
def test_whatever_comes_out_follows_the_grammar(name: str, labels: dict[str, str]) -> None:
    try:
        key, document = foreign_key(name, labels.items()), foreign_document(name, labels.items())
    except Invalid:
        return
    assert parse_series(key).text == key
    check_name(document)


VALUES = st.text("ab /_é:", min_size=1, max_size=4)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=2, unique=True))
def test_documents_of_different_labels_have_different_keys(pairs: list[tuple[str, str]]) -> None:
    one, other = (foreign_document("d", [("x", a), ("y", b)]) for a, b in pairs)
    assert one != other


def test_a_long_document_name_keeps_its_difference() -> None:
    assert foreign_document("a" * 600) != foreign_document("a" * 601)
    assert len(foreign_document("a" * 600)) == 512


def test_a_snippet_has_at_most_200_bytes() -> None:
    assert shown(b"a") == "a"
    assert shown("\ud800é") == "?é"
    assert len(shown(b"\xff" * 500).encode()) <= 200
