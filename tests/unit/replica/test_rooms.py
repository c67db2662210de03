"""A room's log in memory: changes that arrive in any order are delivered once, in the same order, and kept."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dashboard.domain.room import Message
from dashboard.replica import rooms
from dashboard.replica.rooms import RoomLog


def message(seq: int, changed: int = 0, author: str = "a", text: str = "", *, deleted: bool = False) -> Message:
    return Message("r", seq, changed or seq, author, author, text or f"{seq}@{changed}", "", 0, deleted=deleted)


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Message]:
    """Return a room's log: each number once, for a new message or for a change of an older message that is not deleted."""
    log: list[Message] = []
    now: dict[int, Message] = {}
    for seq in range(1, draw(st.integers(0, most)) + 1):
        alive = [each for each in now.values() if not each.deleted]
        if alive and draw(st.integers(0, 2)) == 0:
            old = draw(st.sampled_from(alive))
            gone = draw(st.booleans())
            each = msgspec.structs.replace(old, changed_seq=seq, text="" if gone else f"edit {seq}", deleted=gone)
        else:
            each = message(seq, author=draw(st.sampled_from("abc")))
        log.append(each)
        now[each.seq] = each
    return log


def state(log: list[Message]) -> dict[int, Message]:
    """Return the state that the store has after these changes."""
    return {each.seq: each for each in log}


def stored_after(log: list[Message], seq: int) -> list[Message]:
    """Return these changes as ``changes_after`` returns them."""
    return sorted((m for m in state(log).values() if m.changed_seq > seq), key=lambda m: m.changed_seq)


def check_kept(kept: RoomLog, log: list[Message]) -> None:
    """Check that what the log knows is what the store has."""
    now = state(log)
    order = sorted(now)
    for limit in (1, 3, 50):
        newest = kept.newest(limit)
        assert newest is None or newest == [now[seq] for seq in order[-limit:]]
    for seq in range(len(log) + 2):
        since = kept.since(seq, 1000)
        assert since is None or since == stored_after(log, seq)
        for user in "ab":
            unread = kept.unread(user, seq)
            expected = sum(m.seq > seq and m.author != user and not m.deleted for m in now.values())
            assert unread is None or unread == expected


@given(histories(), st.data())
def test_any_order_of_arrival_with_duplicates_gives_the_order_of_the_log(
    log: list[Message], data: st.DataObject
) -> None:
    arrivals = data.draw(
        st.permutations([*log, *data.draw(st.lists(st.sampled_from(log), max_size=8) if log else st.just([]))])
    )
    kept = RoomLog(0, 0, [])
    delivered = [released for each in arrivals for released in kept.take(each)]
    assert delivered == log
    assert (kept.seq, kept.waits) == (len(log), False)
    check_kept(kept, log)
    assert len(log) == 0 or kept.since(0, 1000) is not None


@given(histories(), st.data())
def test_what_is_lost_is_healed_by_the_store_and_nothing_comes_twice_or_out_of_order(
    log: list[Message], data: st.DataObject
) -> None:
    arrivals = data.draw(st.permutations(log))
    arrivals = arrivals[: data.draw(st.integers(0, len(arrivals)))]
    looks = data.draw(st.sets(st.integers(0, len(arrivals))))
    kept = RoomLog(0, 0, [])
    delivered: list[Message] = []
    for number, each in enumerate([*arrivals, None]):
        if (
            number in looks or each is None
        ):  # the store is ahead of what has come: as far as all that was sent, or farther
            end = max([m.changed_seq for m in arrivals[:number]], default=0) if each is not None else len(log)
            end = data.draw(st.integers(max(end, kept.seq), len(log)))
            delivered += kept.catch_up(stored_after(log[:end], kept.seq), end)
            assert kept.seq == end
            check_kept(kept, log[:end])
        if each is not None:
            delivered += kept.take(each)
    assert kept.seq == len(log)
    numbers = [each.changed_seq for each in delivered]
    assert numbers == sorted(set(numbers))
    shown = {each.seq: each for each in delivered}  # as a page keeps them, by id
    assert shown == state(log)
    check_kept(kept, log)


@given(histories(60), st.integers(1, 5), st.integers(1, 40), st.integers(0, 60))
def test_what_is_forgotten_is_said_to_be_unknown(log: list[Message], most: int, limit: int, start: int) -> None:
    """The log begins with the newest changes of the store, and has room for few."""
    start = min(start, len(log))
    before = sorted(state(log[:start]).values(), key=lambda m: m.changed_seq)[-limit:]
    whole_after = 0 if len(before) < limit else before[0].changed_seq - 1
    kept = RoomLog(start, whole_after, before)
    old, rooms._KEPT = rooms._KEPT, most
    try:
        for number, each in enumerate(log[start:], start + 1):
            assert kept.take(each) == [each]
            check_since(kept, log[:number])
    finally:
        rooms._KEPT = old
    assert len(kept._messages) <= max(most, len(before))


def test_what_is_too_old_is_not_kept_and_said_to_be_unknown() -> None:
    said = [msgspec.structs.replace(message(seq), t_ms=seq * 10) for seq in range(1, 6)]
    edited = msgspec.structs.replace(said[1], changed_seq=6)
    kept = RoomLog(0, 0, [])
    for each in (*said, edited):
        kept.take(each)
    kept.forget(25)
    assert kept.newest(3) == said[2:]
    assert kept.newest(4) is None
    assert (kept.since(5, 10), kept.since(6, 10), kept.whole_after) == (None, [], 6)
    kept.forget(100)
    assert kept.newest(1) is None
    assert kept.unread("b", 5) is None


def check_since(kept: RoomLog, log: list[Message]) -> None:
    for seq in range(len(log) + 1):
        since = kept.since(seq, 1000)
        assert since is None or since == stored_after(log, seq), seq
        unread = kept.unread("a", seq)
        now = state(log)
        assert unread is None or unread == sum(m.seq > seq and m.author != "a" and not m.deleted for m in now.values())


def test_messages_that_are_found_in_the_store_stand_in_their_places() -> None:
    """An edited message comes after younger ones, because changes are in the order of the changes."""
    kept = RoomLog(2, 0, [message(1), message(2)])
    kept.catch_up([message(4), message(5), message(3, 6)], 6)
    newest = kept.newest(50)
    assert newest is not None
    assert [each.seq for each in newest] == [1, 2, 3, 4, 5]


def test_more_than_is_asked_for_is_not_given_in_part() -> None:
    kept = RoomLog(0, 0, [])
    for seq in range(1, 11):
        kept.take(message(seq))
    assert kept.since(4, 5) is None
    assert len(kept.since(5, 5) or []) == 5
    assert kept.since(11, 5) is None  # another store's position


def test_what_is_held_back_is_bounded() -> None:
    kept = RoomLog(0, 0, [])
    for seq in range(2, 5_000):
        assert kept.take(message(seq)) == []
    assert kept.waits
    assert len(kept._held) == 2_000
