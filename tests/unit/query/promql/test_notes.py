"""Notes about an evaluation."""

from __future__ import annotations

from dashboard.query.promql.notes import MOST, Notes


def test_a_note_stands_once_and_their_number_is_bounded() -> None:
    notes = Notes()
    for n in range(50):
        notes.inform(str(n))
        notes.warn("same")
    assert (len(notes.infos), list(notes.warnings)) == (MOST, ["same"])


def test_quantiles_out_of_range_are_warned_about() -> None:
    notes = Notes()
    notes.check_quantile([0, 0.5, 1])
    assert not notes.warnings
    notes.check_quantile([float("nan"), 1.5])
    assert [text.rpartition(" ")[2] for text in notes.warnings] == ["NaN", "1.5"]
