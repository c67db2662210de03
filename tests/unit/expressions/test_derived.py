"""Derived series: values that are replaced and taken back, histories that a screen resumes."""

from __future__ import annotations

from dashboard.expressions.derived import Condition, DerivedReplica, DerivedRow
from dashboard.query.reading import samples_between
from dashboard.replica.series import Windows

T0 = 1_700_000_000_000
KEY = 'expr:ab:1{shop="a"}'


def replica() -> DerivedReplica:
    return DerivedReplica(Windows(), "epoch")


def test_a_value_of_a_known_time_is_replaced_and_one_is_taken_back() -> None:
    made = replica()
    made.put(T0 + 1_000, [DerivedRow(KEY, [T0], [1.0])], "B/s")
    made.put(T0 + 2_000, [DerivedRow(KEY, [T0, T0 + 1_000], [2.0, 3.0])], "B/s")
    series = made.table.by_text[KEY]
    assert (list(series.times), list(series.values), series.unit) == ([T0, T0 + 1_000], [2.0, 3.0], "B/s")
    made.take_back(KEY, T0 + 1_000)
    assert list(series.times) == [T0]


def test_each_value_of_a_history_counts_as_put_at_its_own_time() -> None:
    made = replica()
    times = [T0 + second * 1_000 for second in range(10)]
    made.fill(T0 + 10_000, [DerivedRow(KEY, times, [float(n) for n in range(10)])], "")
    found = samples_between(made.table.by_text[KEY], T0 + 6_000, made.position.seq, 100)
    assert found.values == [7.0, 8.0, 9.0]


def test_a_series_without_values_ends_and_is_shown_with_its_expression() -> None:
    made = replica()
    made.texts["expr:ab:1"] = "sum(x)"
    made.put(T0, [DerivedRow(KEY, [T0], [1.0])], "")
    series = made.table.by_text[KEY]
    assert made.shown(series) == ('sum(x){shop="a"}', "sum(x)")
    made.end(T0 + 5_000, [KEY, "expr:ab:1"])
    assert series.is_ended


def test_series_of_one_expression_are_forgotten() -> None:
    made = replica()
    other, living = "expr:cd:1", 'expr:ab:1{shop="b"}'
    made.put(T0, [DerivedRow(key, [T0], [1.0]) for key in (KEY, living, other)], "")
    made.end(T0 + 1_000, [KEY, other])
    made.drop_all("expr:ab:1", T0)
    assert len(made.table) == 3
    seq = made.position.seq
    made.drop_all("expr:ab:1", T0 + 1)
    assert list(made.table.by_text) == [living, other]
    assert [(number > seq, text) for number, _, text in made.table.gone] == [(True, KEY)]
    for name in ("expr:ab:1", "expr:cd:1"):
        made.tell(T0, name, Condition(inputs=1))
    version = made.document_version
    made.drop_all("expr:ab:1")
    assert list(made.table.by_text) == [other]
    assert list(made.documents) == ["expr:cd:1"]
    assert made.document_version > version


def test_a_filled_history_leaves_no_list_of_its_keys() -> None:
    made = replica()
    made.fill(T0 + 2_000, [DerivedRow(KEY, [T0, T0 + 1_000], [1.0, 2.0])], "")
    assert not made.table._lists
    assert list(made.table.by_text[KEY].times) == [T0, T0 + 1_000]


def test_a_condition_is_told_when_it_is_new() -> None:
    made = replica()
    made.tell(T0, "expr:ab:1", Condition(fault="1:1: wrong"))
    seq = made.position.seq
    made.tell(T0 + 1_000, "expr:ab:1", Condition(fault="1:1: wrong"))
    assert made.position.seq == seq
    document = made.documents["expr:ab:1"].document
    assert document is not None
    assert b"1:1: wrong" in document.body
