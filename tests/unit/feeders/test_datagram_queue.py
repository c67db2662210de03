"""Queue of datagrams: bounded bytes, every line counted."""

from __future__ import annotations

import pytest

from dashboard.feeders import datagram_queue
from dashboard.feeders.datagram_queue import DatagramQueue
from dashboard.feeders.source_state import SourceState


async def nothing(_: object) -> None:
    """Store nothing."""


@pytest.mark.gen_test
async def test_datagrams_beyond_the_limit_are_dropped_and_their_lines_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagram_queue, "_MAX_WAITING_BYTES", 10 + 2 * datagram_queue._EACH_BYTES)
    state = SourceState("a", "graphite", "127.0.0.1:2003", lambda: 0, 10)
    queue = DatagramQueue(state, nothing)
    for datagram in (b"a 1\x00", b"b 2\n\x00", b"c 3\nd 4\n"):
        queue.put(datagram)
    assert state.dropped["queue_full"] == 2
    assert queue._some() == [b"a 1", b"b 2\n"]  # a NUL at the end is the end of a text in C
    queue.put(b"e 5")
    queue._drop_waiting("stopped")
    assert (state.dropped["stopped"], queue._some()) == (1, [])


@pytest.mark.gen_test
async def test_datagrams_are_taken_together_up_to_a_limit_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagram_queue, "_TOGETHER_BYTES", 6 + 2 * datagram_queue._EACH_BYTES)
    queue = DatagramQueue(SourceState("a", "graphite", "127.0.0.1:2003", lambda: 0, 10), nothing)
    for datagram in (b"longer than all", b"a 1", b"b 2", b"c 3"):
        queue.put(datagram)
    assert [queue._some() for _ in range(3)] == [[b"longer than all"], [b"a 1", b"b 2"], [b"c 3"]]


@pytest.mark.gen_test
async def test_datagrams_without_content_or_almost_without_wait_in_bounded_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datagram_queue, "_MAX_WAITING_BYTES", 10 * datagram_queue._EACH_BYTES)
    state = SourceState("a", "graphite", "127.0.0.1:2003", lambda: 0, 10)
    queue = DatagramQueue(state, nothing)
    for _ in range(100):
        queue.put(b"")
        queue.put(b"\x00\x00")
    assert (queue._some(), state.dropped["queue_full"]) == ([], 0)
    for _ in range(100):
        queue.put(b"a")
    assert (len(queue._some()), state.dropped["queue_full"]) == (9, 91)
