"""The short form of "heap and DOM nodes stay flat, no task over 100 ms"; the long one is ``python -m tests.browser.soak``."""

from __future__ import annotations

from tests.browser.pages import Pages
from tests.browser.soak import FEEDS_PER_S, WINDOW_S, board_under_load
from tests.support.deadline import enough, within
from tests.support.server import ServerProcess

#: Heap may differ between the first and the last third by so much: noise of the collector.
HEAP_PART, HEAP_BYTES = 0.05, 400_000
NODES_PART = 0.02
#: By the processor's time: what else this machine does must not count.
LONGEST_TASK_MS = 100


def test_heap_and_nodes_stay_flat_and_no_task_is_long(pages: Pages, server: ServerProcess) -> None:
    # the tables of the charts are filled every 15 s, the second time with all their rows
    seen = board_under_load(pages, server, warm_s=26, rounds=4, round_s=2.2)
    enough(seen["feeds"], 150, f"values were fed, {seen}")
    enough(seen["frames"], 120, f"frames were shown, {seen}")
    assert seen["most_values"] <= WINDOW_S * FEEDS_PER_S * 1.2 + 150, seen  # what has left the window is let go of
    assert seen["heap_last"] <= seen["heap_first"] * (1 + HEAP_PART) + HEAP_BYTES, seen
    assert seen["nodes_last"] <= seen["nodes_first"] * (1 + NODES_PART) + 20, seen
    assert seen["listeners_last"] <= seen["listeners_first"] + 5, seen
    within(seen["longest_task_cpu_ms"] / 1000, LONGEST_TASK_MS / 1000, f"the longest task, {seen}")
