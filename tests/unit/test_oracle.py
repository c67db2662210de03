"""The oracle of the fault tests: a loss that was told is no hole, and a loss that was not told is one."""

from __future__ import annotations

import time
from typing import Any

from tests.support.oracle import Oracle, Verdict
from tests.support.publisher import PREFIX

SERIES = f"{PREFIX}1.0"


def snapshot(position: str, *values: float) -> dict[str, Any]:
    times = list(range(len(values)))
    return {"type": "snapshot", "position": position, "series": [{"sid": 1, "series": SERIES, "t": times, "v": values}]}


def frame(position: str, *values: float, late: bool = False) -> dict[str, Any]:
    """Return a frame with values of now, or of before everything else."""
    times = [0 if late else int(time.time() * 1000)] * len(values)
    return {"type": "frame", "position": position, "points": [[1, times, list(values)]]}


def gap(position: str) -> dict[str, Any]:
    return {"type": "gap", "reason": "epoch", "position": position}


def found(*messages: dict[str, Any]) -> list[str]:
    verdict = Verdict(lossy=True)
    oracle = Oracle("viewer", verdict)
    for message in messages:
        oracle.take(message)
    return [text.partition("viewer: ")[2] for text in verdict.take()[0] if "viewer: " in text]


def test_a_hole_is_right_after_a_gap_and_wrong_without_one() -> None:
    assert found(snapshot("a.1", 31, 32), gap("b.1"), snapshot("b.1", 31, 32), frame("b.2", 35)) == []
    hole = f"hole without gap: {SERIES} goes from 32 to 35"
    assert found(snapshot("a.1", 31, 32), frame("a.2", 35)) == [hole]
    told = (snapshot("a.1", 31), gap("b.1"), snapshot("b.1", 31))
    assert found(*told, frame("b.2", 32), frame("b.3", 35)) == [hole]


def test_a_worker_that_is_behind_may_tell_the_gap_before_the_place_of_the_loss() -> None:
    told = (snapshot("a.1", 31), gap("b.1"), snapshot("b.1", 31), frame("b.2", 32, late=True))
    assert found(*told, frame("b.3", 35)) == []
    hole = f"hole without gap: {SERIES} goes from 35 to 37"
    assert found(*told, frame("b.3", 35, late=True), frame("b.4", 37)) == [hole]


def test_a_further_snapshot_without_a_new_value_keeps_the_loss_that_was_told() -> None:
    told = (snapshot("a.1", 31, 32), gap("b.1"), snapshot("b.1", 31, 32), snapshot("b.2", 31, 32))
    assert found(*told, frame("b.3", 35)) == []
    assert found(*told, snapshot("b.3", 31, 32, 33), frame("b.4", 36)) == [
        f"hole without gap: {SERIES} goes from 33 to 36"
    ]


def test_a_report_shows_the_messages_that_led_to_it() -> None:
    verdict = Verdict(lossy=True)
    oracle = Oracle("viewer", verdict)
    for message in (snapshot("a.1", 31, 32), gap("b.1"), snapshot("b.1", 31), frame("b.2", 35), frame("b.3", 37)):
        oracle.take(message)
    told = [line.split(" ", 3)[-1] if line.startswith("  ") else line for line in verdict.take()[0]][1:]
    assert told[0] == "messages of viewer, the newest last:"
    assert told[2:] == [
        "gap b.1 epoch",
        f"snapshot b.1  {SERIES} [31]",
        f"frame b.2  {SERIES} [35]",
        f"frame b.3  {SERIES} [37]",
    ]
    assert verdict.take() == ([], 0)
