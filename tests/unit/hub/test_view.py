from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position, Seen, parse_positions
from dashboard.domain.selector import parse_selector
from dashboard.hub.view import View, ViewSpec
from dashboard.journal.port import Entry, Gap
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from dashboard.replica.series_table import sid_of
from dashboard.rfc6455.frames import encode_frame
from tests.support.histories import EPOCH, T0, WINDOWS, document, history, samples
from tests.support.screens import Screen

#: Windows in which nothing of a short history is let go of.
WIDE = msgspec.structs.replace(WINDOWS, raw_ms=10**9, raw_max=10**6, fine_ms=2 * 10**9, coarse_ms=3 * 10**9)
ALL = ('{__name__=~".+"}',)


def placed(message: dict[str, Any]) -> str:
    """Return a message's position without its time."""
    (seen,) = parse_positions(message["position"])
    return f"{seen.epoch}.{seen.seq}"


class Stand:
    """Replica with a view on it; the test makes the ticks."""

    def __init__(
        self, *selectors: str, window_ms: int = 10**9, windows: Windows = WIDE, before: list[Entry] | None = None
    ) -> None:
        self.replica = Replica(windows, Position(EPOCH, 0))
        for entry in before or []:
            self.replica.apply(entry)
        parsed = tuple(parse_selector(text) for text in selectors or ALL)
        self.view = View(ViewSpec(parsed, window_ms, 10.0, 10**6), [lambda: self.replica], self.replica.now_ms)

    def tick(self, *entries: Entry) -> bytes | None:
        for entry in entries:
            self.replica.apply(entry)
        frame = self.view.advance(self.replica.now_ms)
        return None if frame is None else frame.body

    def frame(self, *entries: Entry) -> dict[str, Any]:
        body = self.tick(*entries)
        assert body is not None
        message: dict[str, Any] = json.loads(body)
        return message

    def snapshot(self) -> bytes:
        return self.view.snapshot(self.replica.now_ms).body

    def delta(self, position: str) -> bytes:
        since = parse_positions(position)
        assert self.view.missing(since) == ""
        return self.view.delta((since[0].seq,), self.replica.now_ms).body


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([10**9, 2 * 10**9, 3 * 10**9]), st.integers(0, 30))
def test_whoever_follows_skips_or_comes_back_holds_the_same(seed: int, window_ms: int, start: int) -> None:
    """Each is compared with a newcomer's snapshot. A tick has 40 samples at most, so that nothing is thinned."""
    random, entries = Random(seed), history(seed, 60)
    stand = Stand(window_ms=window_ms, before=entries[:start])
    stand.tick()
    follower, sleeper, returner = Screen(), Screen(), Screen()
    for screen in (follower, sleeper, returner):
        screen.take(stand.snapshot())
    for entry in entries[start:]:
        if (body := stand.tick(entry)) is not None:
            follower.take(body)
        if random.random() < 0.2:  # it has drained: one catch-up frame
            sleeper.take(stand.delta(sleeper.position))
    for screen in (sleeper, returner):
        screen.take(stand.delta(screen.position))
    newcomer = Screen()
    newcomer.take(stand.snapshot())
    assert newcomer.held() == follower.held() == sleeper.held() == returner.held()
    assert follower.names.keys() == newcomer.names.keys()


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from([10**9, 2 * 10**9]), st.booleans())
def test_views_that_are_advanced_only_when_they_say_so_show_the_same(seed: int, window_ms: int, wide: bool) -> None:
    entries = history(seed, 60)
    replica = Replica(WIDE if wide else WINDOWS, Position(EPOCH, 0))
    changed: list[View] = []
    views, screens = [], []
    for text in ("a", "b", "c", '{x="2"}', "doc1", '{__name__=~"doc.|e"}'):
        spec = ViewSpec((parse_selector(text),), window_ms if wide else 60_000, 10.0, 10**6)
        views.append(View(spec, [lambda: replica], replica.now_ms, changed.append))
        screens.append(Screen())
        screens[-1].take(views[-1].snapshot(replica.now_ms).body)
    for entry in entries:
        replica.apply(entry)
        for view in changed:
            if (frame := view.advance(replica.now_ms)) is not None:
                screens[views.index(view)].take(frame.body)
        changed.clear()
    for view, screen in zip(views, screens, strict=True):
        assert view.advance(replica.now_ms) is None
        newcomer = Screen()
        newcomer.take(view.snapshot(replica.now_ms).body)
        assert newcomer.names.keys() == screen.names.keys()
        if wide:
            assert newcomer.held() == screen.held()


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_a_newcomer_between_two_ticks_misses_nothing_and_gets_nothing_twice(seed: int) -> None:
    entries = history(seed, 40)
    stand = Stand(
        before=entries[:10], window_ms=2 * 10**9
    )  # read as buckets: raw points of so many would be made fewer
    stand.tick()
    for entry in entries[10:25]:
        stand.replica.apply(entry)  # the view has not moved yet
    newcomer = Screen()
    newcomer.take(stand.snapshot())
    assert parse_positions(newcomer.position)[0][:2] == (EPOCH, 10)
    for entry in entries[25:]:
        if (body := stand.tick(entry)) is not None:
            newcomer.take(body)
    late = Screen()
    late.take(stand.snapshot())
    assert newcomer.held() == late.held()


def test_the_snapshot_is_what_was_put_in() -> None:
    stand = Stand("a", "doc")
    stand.tick(samples(1, T0, [("a", T0, 1.0), ("z", T0, 9.0), ("a", T0 - 5, 2.0)], [(0, "B", 5.0)]))
    stand.tick(document(2, T0 + 1, "doc", b'{"x":1}', 7.0), document(3, T0 + 1, "other", b"1"))
    message = json.loads(stand.snapshot())
    assert message["type"] == "snapshot"
    assert placed(message) == f"{EPOCH}.3"
    assert [s["series"] for s in message["series"]] == ["a"]
    series = message["series"][0]
    assert (series["t"], series["v"], series["unit"], series["every_s"]) == ([T0 - 5, T0], [2.0, 1.0], "B", 5.0)
    assert message["documents"] == [{"key": "doc", "body": {"x": 1}, "t": T0 + 1, "every_s": 7.0, "selectors": [1]}]


@pytest.mark.parametrize("count", [49, 50, 51, 500])
def test_up_to_fifty_points_a_tick_arrive_whole_and_more_keep_first_last_least_and_greatest(count: int) -> None:
    random = Random(count)
    values = [random.randint(-100, 100) / 4 for _ in range(count)]
    values[count // 3 + 1], values[count // 2 + 1] = -1_000.0, 1_000.0  # inside a run, not at its ends
    stand = Stand("a")
    (row,) = stand.frame(samples(1, T0, [("a", T0 + n, v) for n, v in enumerate(values)]))["points"]
    if count <= 50:
        assert row == [sid_of("a"), [T0 + n for n in range(count)], values]
        return
    sid, times, kept, of = row
    assert (sid, of) == (sid_of("a"), count)
    assert len(times) == len(kept) <= 50
    assert (times[0], times[-1], kept[0], kept[-1]) == (T0, T0 + count - 1, values[0], values[-1])
    assert (min(kept), max(kept)) == (-1_000.0, 1_000.0)
    assert times == sorted(times)


def test_new_series_and_documents_join_and_old_ones_leave() -> None:
    stand = Stand('{__name__=~"a|b|doc"}', windows=WINDOWS, window_ms=60_000)
    assert stand.tick(samples(1, T0, [("x", T0, 1.0)])) is None
    frame = stand.frame(samples(2, T0, [("a", T0, 1.0)]), document(3, T0, "doc", b"1"))
    assert [(s["sid"], s["series"]) for s in frame["series"]] == [(sid_of("a"), "a")]
    assert [d["key"] for d in frame["documents"]] == ["doc"]
    assert frame["points"] == [[sid_of("a"), [T0], [1.0]]]
    assert "series" not in stand.frame(samples(4, T0 + 1, [("a", T0 + 1, 1.0)]))
    later = T0 + 500_000
    frame = stand.frame(samples(5, later, [("b", later, 1.0)]), document(6, later, "doc", None))
    assert [s["series"] for s in frame["series"]] == ["b"]
    assert sid_of("a") in frame["gone"]
    assert frame["gone_documents"] == ["doc"]
    assert [s["series"] for s in json.loads(stand.snapshot())["series"]] == ["b"]


def test_a_view_hears_nothing_of_departed_series_that_it_never_showed() -> None:
    stand = Stand("a", windows=WINDOWS, window_ms=60_000, before=[samples(1, T0, [("x", T0, 1.0)])])
    later = T0 + 500_000
    assert stand.tick(samples(2, later, [("y", later, 1.0)])) is None


def test_a_tick_without_news_is_silent_and_still_moves_the_position() -> None:
    stand = Stand("a")
    assert stand.tick() is None
    assert stand.tick(samples(1, T0, [("b", T0, 1.0)])) is None
    assert stand.view.seqs == (1,)
    assert stand.view.frame_no == 0
    assert placed(stand.frame(samples(2, T0, [("a", T0, 1.0)]))) == f"{EPOCH}.2"
    assert stand.view.frame_no == 1
    empty = json.loads(stand.delta(f"{EPOCH}.2"))
    assert placed(empty) == f"{EPOCH}.2"
    assert "points" not in empty


def test_the_reasons_for_a_gap() -> None:
    stand = Stand("a", windows=WINDOWS, window_ms=60_000)
    for n in range(1, 301):
        stand.tick(samples(n, T0 + n * 1_000, [("a", T0 + n * 1_000, 1.0), ("b", T0 + n * 1_000, 1.0)]))
    view, floor = stand.view, stand.replica.table.by_text["a"].trimmed_seq
    assert 150 < floor < 300
    assert view.missing([Seen(EPOCH, 300)]) == ""
    assert view.missing([Seen(EPOCH, 301)]) == "ahead"
    assert view.missing([Seen("ffffffff", 300)]) == "epoch"
    assert view.missing([Seen(EPOCH, floor)]) == ""
    assert view.missing([Seen(EPOCH, floor - 1)]) == "trimmed"
    notice = json.loads(view.gap("trimmed").body)
    assert notice == {"type": "gap", "view": view.id, "reason": "trimmed", "position": view.positions[0].text}
    assert view.positions[0][:2] == (EPOCH, 300)


def test_a_series_that_departed_and_came_back_is_not_said_to_be_gone() -> None:
    stand = Stand("a", before=[samples(1, T0, [("a", T0, 1.0)])], windows=WINDOWS, window_ms=60_000)
    later = T0 + 500_000
    frame = stand.frame(samples(2, later, [("b", later, 1.0)]), samples(3, later, [("a", later, 2.0)]))
    assert [s["series"] for s in frame["series"]] == ["a"]
    assert "gone" not in frame


def test_a_screen_is_told_of_a_gap_of_the_journal() -> None:
    stand = Stand("a", before=[samples(1, T0, [("a", T0, 1.0)])])
    stand.replica.gap(Gap("trimmed", Position(EPOCH, 9)))
    stand.view.rebase()
    assert stand.view.missing([Seen(EPOCH, 8)]) == "trimmed"
    assert stand.view.missing([Seen(EPOCH, 9)]) == ""
    stand.replica.gap(Gap("epoch", Position("ffffffff", 0)))
    stand.view.rebase()
    assert stand.view.missing([Seen(EPOCH, 9)]) == "epoch"
    frame = stand.frame(Entry(1, T0 + 9, samples(1, T0, [("a", T0 + 9, 2.0)]).payload))
    assert frame["points"] == [[sid_of("a"), [T0 + 9], [2.0]]]
    assert placed(frame) == "ffffffff.1"


def test_a_backfill_reaches_the_screens_that_are_watching() -> None:
    """Feed 200 samples from 100 s ago: older than the raw window of 60 s, within the view's window of 2 min."""
    now = T0 + 200_000
    stand = Stand("a", windows=WINDOWS, window_ms=120_000, before=[samples(1, now, [("a", now, 1.0)])])
    follower, newcomer = Screen(), Screen()
    follower.take(stand.snapshot())
    body = stand.tick(samples(2, now + 10, [("a", now - 100_000 + n * 150, 5.0) for n in range(200)]))
    assert body is not None
    follower.take(body)
    newcomer.take(stand.snapshot())
    assert follower.held() == newcomer.held()


def test_a_burst_beyond_raw_max_within_a_tick_keeps_its_peak() -> None:
    values = [1_000.0] + [1.0] * 5_000
    stand = Stand("a", windows=WINDOWS, window_ms=60_000)
    (row,) = stand.frame(samples(1, T0, [("a", T0 - 5_001 + n, v) for n, v in enumerate(values)]))["points"]
    assert max(row[2]) == 1_000.0
    assert row[3] == len(values)


def test_the_same_bytes_are_shared_until_the_next_tick() -> None:
    stand = Stand(before=[samples(1, T0, [("a", T0, 1.0)])])
    stand.tick()
    assert stand.view.snapshot(T0) is stand.view.snapshot(T0)
    stand.tick(samples(2, T0, [("a", T0, 1.0)]))
    assert stand.view.delta((0,), T0) is stand.view.delta((0,), T0)
    shared = stand.view.delta((0,), T0)
    assert shared.frame == encode_frame(1, shared.body)
    old = stand.snapshot()
    stand.tick(samples(3, T0, [("a", T0, 7.0)]))
    assert stand.snapshot() != old


def test_what_is_left_out_is_not_sent_and_taken_in_again_without_a_hole() -> None:
    stand = Stand("a", "b")
    stand.tick(samples(1, T0, [("a", T0, 1.0), ("b", T0, 1.0)]))
    since = json.loads(stand.snapshot())["position"]
    stand.view = View(stand.view.spec._replace(skipped=(0,)), [lambda: stand.replica], stand.replica.now_ms)
    frame = stand.frame(samples(2, T0, [("a", T0 + 1, 2.0), ("b", T0 + 1, 2.0)]))
    assert [row[1:] for row in frame["points"]] == [[[T0 + 1], [2.0]]]
    (shown,) = json.loads(stand.snapshot())["series"]
    assert (shown["series"], shown["selectors"]) == ("b", [1])
    stand.view = View(stand.view.spec._replace(skipped=()), [lambda: stand.replica], stand.replica.now_ms)
    again = json.loads(stand.delta(since))
    assert sorted(row[1:] for row in again["points"]) == [[[T0 + 1], [2.0]]] * 2


def test_the_id_of_a_view_depends_on_what_it_shows_and_on_nothing_else() -> None:
    def view_id(*texts: str, window: int = 1, rate: float = 1.0, points: int = 4) -> str:
        return ViewSpec(tuple(parse_selector(t) for t in texts), window, rate, points).id

    assert view_id("a", "b") == view_id("{__name__='a'}", "b")
    ids = [
        view_id("a"),
        view_id("a", "b"),
        view_id("b", "a"),
        view_id("b"),
        view_id("a", window=2),
        view_id("a", rate=2.0),
        view_id("a", points=5),
    ]
    assert len(set(ids)) == len(ids)


def test_a_series_may_depart_while_a_large_snapshot_is_built() -> None:
    """The pieces are built with pauses between, in which the view advances."""
    names = [f"s{n:03}" for n in range(201)]
    stand = Stand(windows=WINDOWS, window_ms=60_000, before=[samples(1, T0, [(name, T0, 1.0) for name in names])])
    stand.tick()
    assert stand.view.is_large()
    parts = stand.view.snapshot_parts(T0)
    body = next(parts)
    later = T0 + 500_000
    stand.tick(samples(2, later, [("other", later, 1.0)]))
    body += b"".join(parts)
    assert len(json.loads(body)["series"]) == 201


def test_a_screen_that_saw_another_entry_under_the_same_number_is_told() -> None:
    """A lagging copy of the journal took over, and of all that knew the lost entry only the screen is left."""
    stand = Stand("a", before=[samples(n, T0 + n, [("a", T0 + n, 1.0)]) for n in range(1, 6)])
    stand.tick()
    for seq in range(1, 6):
        assert stand.view.missing([Seen(EPOCH, seq, T0 + seq)]) == ""
        assert stand.view.missing([Seen(EPOCH, seq, T0 + seq + 7)]) == "epoch"
        assert stand.view.missing([Seen(EPOCH, seq)]) == ""  # its time was not known
