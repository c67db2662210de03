from __future__ import annotations

import math

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_SAMPLES
from dashboard.ingest.parsed import NOT_FINITE, NotFinite, Parsed, Recall, check_count, finite


def test_a_sample_is_added_with_what_was_said_of_it() -> None:
    parsed = Parsed()
    parsed.add("a", 5, 1)
    parsed.add("b", None, 2.5, unit="%", every_s=10.0, kind="gauge")
    batch = parsed.batch
    assert (batch.keys, batch.times, batch.values) == (["a", "b"], [5, None], [1.0, 2.5])
    assert (batch.declared, batch.kinds) == ([(1, "%", 10.0)], {"b": "gauge"})


@pytest.mark.parametrize(("value", "said"), [(math.nan, {}), (1.0, {"every_s": -1.0}), (1.0, {"unit": "x" * 100})])
def test_a_sample_that_cannot_be_kept_is_refused_whole(value: float, said: dict[str, object]) -> None:
    parsed = Parsed()
    with pytest.raises(Invalid):
        parsed.add("a", None, value, **said)  # type: ignore[arg-type]
    assert (parsed.batch.keys, parsed.batch.declared) == ([], [])


def test_a_number_that_is_none_is_told_apart_from_mistakes() -> None:
    assert finite(1.5) == 1.5
    assert isinstance(finite(3), float)
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(NotFinite) as refused:
            finite(value)
        assert (refused.value.code, refused.value.field) == (NOT_FINITE, "value")


def test_documents_know_their_places_and_refusals_show_the_beginning() -> None:
    parsed = Parsed()
    parsed.write("note", {"a": 1}, 5.0, place=3)
    assert (parsed.documents, parsed.places) == ([("note", b'{"a":1}', 5.0)], [3])
    for index in range(1_001):
        parsed.refuse(index, Invalid("is bad", field="value"), b"x" * 1_000)
    first, last = parsed.batch.refused[0], parsed.batch.refused[-1]
    assert (first.index, first.field, first.reason, first.code) == (0, "value", "is bad", "invalid")
    assert 0 < len(first.snippet) < 1_000
    assert last.snippet == ""


def test_a_body_of_too_many_parts_is_refused() -> None:
    check_count([0] * MAX_SAMPLES)
    with pytest.raises(Invalid, match="lines"):
        check_count([0] * (MAX_SAMPLES + 1), "lines")


def test_what_was_worked_out_is_remembered_within_a_bound() -> None:
    recall: Recall[str, int] = Recall(max_items=2)
    assert recall.learn("a", 1) == 1
    recall.learn("b", 2)
    assert recall == {"a": 1, "b": 2}
    recall.learn("c", 3)
    assert recall == {"c": 3}
