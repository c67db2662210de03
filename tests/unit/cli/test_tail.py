"""Drawing of ``dashboard tail`` on a terminal."""

from __future__ import annotations

from dashboard.cli.tail import table
from dashboard.client import Point


def test_rows_are_sorted_cut_to_the_screen_and_carry_no_control_characters() -> None:
    latest = {name: Point(name, 0, 1.5, "ms\x1b[2J") for name in "dcba"}
    rows = table(latest, 40, 3)
    assert [row.split()[-1] for row in rows[:2]] == ["a", "b"]
    assert rows[2] == "… and 2 more"
    assert all("\x1b" not in row and len(row) <= 40 for row in rows)
    assert len(table(latest, 40, 4)) == 4
