"""Views with the same selectors collect the changes of a tick once, and send what each would have sent alone."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position
from dashboard.domain.selector import parse_selector
from dashboard.hub.shared_changes import Changes, SharedChanges
from dashboard.hub.view import View, ViewSpec
from dashboard.journal.port import Gap
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, WINDOWS, history

WIDE = msgspec.structs.replace(WINDOWS, raw_ms=10**9, fine_ms=2 * 10**9, coarse_ms=3 * 10**9)


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.booleans())
def test_views_of_two_replicas_send_the_same_frames_whether_they_share_changes_or_not(seed: int, wide: bool) -> None:
    random, windows = Random(seed), WIDE if wide else WINDOWS
    replicas = [Replica(windows, Position(EPOCH, 0)) for _ in range(2)]
    readers = [lambda: replicas[0], lambda: replicas[1]]
    specs = [
        ViewSpec((parse_selector(text),), window_ms, 10.0, 10**6)
        for text in ("a", '{__name__=~".+"}')
        for window_ms in (40_000, 50_000, 10**9, 2 * 10**9)
    ]
    shared = SharedChanges()
    alone = [View(spec, readers, 0) for spec in specs]
    together = [View(spec, readers, 0, shared=shared) for spec in specs]
    for entry in history(seed, 50):
        replica = random.choice(replicas)
        replica.apply(entry)
        if random.random() < 0.05:
            replica.gap(Gap("epoch", Position(f"{random.getrandbits(64):016x}", replica.position.seq)))
        for one, other in zip(alone, together, strict=True):
            if random.random() < 0.7:
                wanted, found = one.advance(replica.now_ms), other.advance(replica.now_ms)
                assert (wanted and wanted.body) == (found and found.body)


def test_changes_are_collected_once_for_all_views_and_anew_after_an_entry() -> None:
    replica, shared, calls = Replica(WINDOWS, Position(EPOCH, 1)), SharedChanges(), list[int]()

    def collect() -> Changes | None:
        calls.append(replica.position.seq)
        return None

    for seq in (1, 2):
        replica.position = Position(EPOCH, seq)
        for after in (0, 0, 5, 0):
            shared.of(replica, ((parse_selector("a"),), after, 50), collect)
    assert calls == [1, 1, 2, 2]
