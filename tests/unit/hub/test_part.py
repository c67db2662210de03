from __future__ import annotations

from collections.abc import Callable

from dashboard.domain.position import Position, Seen
from dashboard.domain.selector import parse_selector
from dashboard.hub.part import Part
from dashboard.journal.port import Entry, Gap
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, T0, document, replica_of, samples

NEXT_EPOCH = "fedcba9876543210"


def part_of(replica: Replica, *selectors: str, step_ms: int = 0, on_change: Callable[[], None] = lambda: None) -> Part:
    part = Part(
        lambda: replica,
        tuple(map(parse_selector, selectors or ("a", "b"))),
        window_ms=60_000,
        step_ms=step_ms,
        on_change=on_change,
    )
    part.refresh()
    return part


def apply(replica: Replica, *rows: tuple[str, int, float]) -> None:
    replica.apply(samples(replica.position.seq + 1, T0 + 1_000, list(rows)))


def first() -> Entry:
    return samples(1, T0, [("a", T0, 1.0), ("x", T0, 9.0)])


def test_a_part_stands_where_the_replica_stood_until_it_is_advanced() -> None:
    replica = replica_of([first()])
    part = part_of(replica)
    assert part.position[:2] == (EPOCH, 1)
    apply(replica, ("a", T0 + 5, 2.0))
    assert part.seq == 1
    assert part.advance() == 1
    assert (part.seq, part.advance()) == (2, 2)


def test_a_part_says_once_that_something_it_shows_has_changed_and_from_where_on() -> None:
    replica, told = replica_of([first()]), list[int]()
    part = part_of(replica, on_change=lambda: told.append(replica.position.seq))
    apply(replica, ("x", T0 + 5, 2.0))
    assert (told, part.advance()) == ([], 2)
    apply(replica, ("x", T0 + 6, 2.0))
    apply(replica, ("a", T0 + 6, 2.0), ("b", T0 + 6, 2.0))
    apply(replica, ("a", T0 + 7, 2.0))
    assert (told, part.advance(), part.seq) == ([4], 3, 5)
    apply(replica, ("a", T0 + 7, 2.0))  # held already
    assert (told, part.advance()) == ([4], 6)
    apply(replica, ("a", T0 + 7, 3.0))  # a correction
    part.close()
    apply(replica, ("a", T0 + 8, 3.0))
    assert told == [4, 7]


def test_only_what_the_selectors_match_is_told() -> None:
    replica = replica_of([first()])
    part = part_of(replica)
    apply(replica, ("a", T0 + 5, 2.0), ("x", T0 + 5, 3.0), ("b", T0 + 6, 4.0))
    part.advance()
    changes = part.changes(1, 50, T0 + 1_000, live=True)
    assert changes is not None
    assert sorted(row[1:] for row in changes.points) == [([T0 + 5], [2.0]), ([T0 + 6], [4.0])]
    assert [(d.series, d.selectors) for d in changes.series] == [("b", [1])]
    assert (changes.accepted, changes.gone) == (T0 + 1_000, [])
    apply(replica, ("x", T0 + 7, 3.0))
    part.advance()
    assert part.changes(2, 50, T0 + 1_000, live=True) is None


def test_more_points_than_a_tick_may_bring_are_made_fewer_and_counted() -> None:
    replica = replica_of([first()])
    part = part_of(replica)
    apply(replica, *(("a", T0 + each, float(each)) for each in range(1, 21)))
    part.advance()
    changes = part.changes(1, 4, T0 + 1_000, live=False)
    assert changes is not None
    ((_, times, _, of),) = changes.points  # type: ignore[misc]  # made fewer
    assert (len(times), of, changes.accepted) == (2, 20, None)


def test_a_long_window_is_told_in_buckets() -> None:
    replica = replica_of([first()])
    part = part_of(replica, step_ms=1_000)
    apply(replica, ("a", T0 + 10, 2.0), ("a", T0 + 20, 6.0))
    part.advance()
    changes = part.changes(1, 50, T0 + 1_000, live=False)
    assert changes is not None
    ((_, starts, mins, _, maxs, newest),) = changes.buckets
    assert (starts, mins, maxs, newest) == ([T0], [1.0], [6.0], (T0 + 20, 6.0))
    definition = part.with_history(part.members[0], part.seq, T0 - 60_000, 100)
    assert (definition.t, definition.min, definition.max) == ([T0], [1.0], [6.0])


def test_documents_are_told_when_they_are_written_and_when_they_are_gone() -> None:
    replica = replica_of([first()])
    part = part_of(replica, "note", "a")
    replica.apply(document(2, T0 + 1, "note", b'{"n":1}'))
    part.advance()
    (told,) = part.documents(1)
    assert (told.key, bytes(told.body), told.selectors) == ("note", b'{"n":1}', [0])
    assert part.documents(2) == []
    replica.apply(document(3, T0 + 2, "note", None))
    part.advance()
    changes = part.changes(2, 50, T0 + 2, live=False)
    assert changes is not None
    assert (changes.gone_documents, changes.documents) == (["note"], [])


def test_a_newcomer_gets_a_member_with_its_history_up_to_where_the_part_stands() -> None:
    replica = replica_of([first()])
    part = part_of(replica)
    apply(replica, ("a", T0 + 5, 2.0))
    (series,) = part.members
    definition = part.with_history(series, 1, T0 - 60_000, 100)
    assert (definition.series, definition.t, definition.v, definition.of) == ("a", [T0], [1.0], None)


def test_what_a_screen_missed_can_be_told_unless_it_is_of_another_epoch_ahead_or_trimmed() -> None:
    replica = replica_of([first()])
    part = part_of(replica)
    assert part.missing(Seen(EPOCH, 1)) == ""
    assert part.missing(Seen(NEXT_EPOCH, 1)) == "epoch"
    assert part.missing(Seen(EPOCH, 2)) == "ahead"
    assert part.missing(Seen(EPOCH, 1, T0 + 77)) == "epoch"
    assert part.accepted_ms(1) == T0
    for number in range(1, 150):  # longer than samples are kept raw
        t_ms = T0 + 1_000 * number
        replica.apply(samples(1 + number, t_ms, [("a", t_ms, 1.0)]))
    part.advance()
    assert part.missing(Seen(EPOCH, 1)) == "trimmed"


def test_a_screen_may_be_ahead_of_this_process_but_not_of_another_epoch() -> None:
    part = part_of(replica_of([first()]))
    assert part.holds(Seen(EPOCH, 1))
    assert not part.holds(Seen(EPOCH, 2))
    assert part.holds(Seen(NEXT_EPOCH, 99))


def test_after_a_gap_a_part_stands_where_the_replica_stands() -> None:
    replica = replica_of([first()])
    part = part_of(replica)
    replica.gap(Gap("epoch", Position(NEXT_EPOCH, 7)))
    part.advance()
    assert part.position[:2] == (NEXT_EPOCH, 7)
