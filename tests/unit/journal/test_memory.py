from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dashboard.domain.errors import Conflict
from dashboard.domain.position import Position
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import Entry, Gap
from tests.support.journals import PART, HandClock, payloads, read, start_of

pytestmark = pytest.mark.gen_test


def journal(hand: HandClock | None = None) -> MemoryJournal:
    return MemoryJournal(clock=(hand or HandClock()).journal_clock(), max_age_s=900, max_bytes=1_000)


async def test_entries_are_numbered_in_order_and_the_same_request_is_stored_once() -> None:
    kept = journal()
    first = await kept.append(PART, b"a", request_id="r")
    assert await kept.append(PART, b"a", request_id="r") == first
    second = await kept.append(PART, b"b")
    assert (first.seq, second.seq) == (1, 2)
    assert kept.head(PART) == await kept.attach(PART) == second
    assert payloads(await read(kept, start_of(kept), 2)) == [b"a", b"b"]
    assert (kept.fault(), kept.size_bytes() >= 2, await kept.hold("x", 1.0)) == ("", True, True)


async def test_a_reader_of_another_epoch_and_one_that_is_ahead_get_a_gap() -> None:
    kept = journal()
    head = await kept.append(PART, b"a")
    for after, reason in ((Position("other", 1), "epoch"), (Position(head.epoch, 9), "ahead")):
        gap, *entries = await read(kept, after, 1)
        assert isinstance(gap, Gap)
        assert (gap.reason, payloads(list(entries))) == (reason, [b"a"])


async def test_what_is_too_old_or_too_much_is_let_go_of() -> None:
    hand = HandClock()
    kept = journal(hand)
    await kept.append(PART, b"old")
    start = start_of(kept)
    hand.move(1_000)
    await kept.append(PART, b"new")
    gap, entry = await read(kept, start, 2)
    assert isinstance(gap, Gap)
    assert isinstance(entry, Entry)
    assert (gap.reason, entry.payload) == ("trimmed", b"new")
    for _ in range(50):
        await kept.append(PART, b"x" * 100)
    assert kept.size_bytes() < 5_000


async def test_a_checkpoint_holds_the_records_that_were_not_taken_out() -> None:
    kept = journal()

    async def records(**given: bytes | None) -> AsyncIterator[list[tuple[str, bytes | None]]]:
        yield list(given.items())

    one, two = Position("e", 1), Position("e", 2)
    await kept.save_checkpoint(PART, one, records(a=b"1", b=b"2"), whole=True)
    await kept.save_checkpoint(PART, two, records(a=None, c=b"3"), base=one)
    stored = await kept.load_checkpoint(PART)
    assert stored is not None
    assert (stored.position, stored.records) == (two, {"b": b"2", "c": b"3"})
    assert await kept.checkpoint_position(PART) == two
    with pytest.raises(Conflict):
        await kept.save_checkpoint(PART, two, records(), base=one)
