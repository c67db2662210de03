"""Entries for a batch: divided by partition, kinds declared again from time to time, within the limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Overloaded, Unavailable
from dashboard.domain.identity import Caller, Token
from dashboard.domain.partition import all_partitions, partition_of
from dashboard.domain.position import Position
from dashboard.entries.metrics import Change, decode_change
from dashboard.entries.samples import Samples, SeriesEnded
from dashboard.ingest.batch import Batch, KeyCache
from dashboard.ingest.origins import Origins
from dashboard.ingest.samples_json import parse_samples
from dashboard.intake.accept_samples import DECLARED_EVERY_MS, MET_MS, AcceptSamples
from dashboard.intake.outcome import Outcome
from dashboard.intake.token_limits import TokenLimits
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import Gap
from dashboard.replication.replicas import Replicas
from tests.support.deadline import deadline
from tests.support.histories import WINDOWS
from tests.support.journals import HandClock
from tests.support.nodes import ownership, rates


class Stand:
    def __init__(self, *, partitions: int = 1, max_series: int = 100) -> None:
        self.hand = HandClock()
        clock = self.hand.journal_clock()
        self.journal = MemoryJournal(clock=clock)
        counters = Counters()
        self.replicas = Replicas(
            journal=self.journal,
            partitions=partitions,
            windows=WINDOWS,
            checkpoint_s=300,
            checkpoint_bytes=1 << 30,
            counters=counters,
        )
        self.accepting = AcceptSamples(
            journal=self.journal,
            replicas=self.replicas,
            now_ms=clock.now_ms,
            max_series=max_series,
            limits=TokenLimits(ownership=ownership(monotonic=lambda: self.hand.monotonic_s), rates=rates("token")),
            counters=counters,
        )

    async def changes(self, partition: str) -> list[Change]:
        head = self.journal.head(partition)
        if not head.seq:
            return []
        batch = await anext(self.journal.follow(partition, Position(head.epoch, 0)))
        assert not isinstance(batch, Gap)
        return [decode_change(entry.payload) for entry in batch]

    async def entries(self, partition: str) -> list[Samples]:
        changes = await self.changes(partition)
        assert all(isinstance(change, Samples) for change in changes)
        return changes  # type: ignore[return-value]  # just looked at

    async def applied(self) -> None:
        async with deadline(20):
            while self.replicas.lag():
                await asyncio.sleep(0)


@asynccontextmanager
async def running(stand: Stand) -> AsyncIterator[Stand]:
    task = asyncio.ensure_future(stand.replicas.run())
    await stand.replicas.wait_ready(tuple(stand.replicas.followed()))
    try:
        yield stand
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def batch(*keys: str, unit: str | None = None) -> Batch:
    declared = [(row, unit, 1.0) for row in range(len(keys))] if unit else []
    return Batch(list(keys), [None] * len(keys), [1.0] * len(keys), declared)


@pytest.mark.gen_test
async def test_what_is_declared_again_and_again_is_stored_now_and_then() -> None:
    async with running(Stand()) as stand:
        for _ in range(3):
            await stand.accepting.accept(batch("a", "b", unit="%"))
            await stand.applied()
        stand.hand.move(DECLARED_EVERY_MS / 1000)
        for _ in range(2):
            await stand.accepting.accept(batch("a", "b", unit="%"))
            await stand.applied()
        assert [len(entry.declared) for entry in await stand.entries("metrics.0")] == [2, 0, 0, 2, 0]


@pytest.mark.gen_test
async def test_a_list_that_a_parser_knows_is_stored_like_any_other_and_counted_when_its_series_are_gone() -> None:
    cache = KeyCache()
    body = b'[{"series":"a","value":1},{"series":"b","labels":{"x":"1"},"value":2}]'

    def again() -> Batch:
        return parse_samples(body, cache, 2_000_000_000_000)

    async with running(Stand(max_series=2)) as stand:
        assert again().joined is None
        for _ in range(3):
            assert (await stand.accepting.accept(again())).accepted == 2
            await stand.applied()
        assert again().joined == b'a\nb{x="1"}'
        assert {entry.keys for entry in await stand.entries("metrics.0")} == {b'a\nb{x="1"}'}
        table = stand.replicas.followed()["metrics.0"].table
        table.discard("a")
        await stand.accepting.accept(batch("c"))
        await stand.applied()
        outcome = await stand.accepting.accept(again())
        assert (outcome.accepted, [refusal.code for refusal in outcome.refused]) == (1, ["series_limit"])
        assert (await stand.entries("metrics.0"))[-1].keys == b'b{x="1"}'


@pytest.mark.parametrize(
    ("series", "times", "entries"),
    [(1, 5_000, [2_000, 2_000, 1_000]), (350, 14, [1_750, 1_750, 1_400]), (1_500, 3, [400, 400, 400, 300, 1_500, 1_500]),
     (2_000, 2, [400] * 5 + [2_000]), (2_001, 2, [400] * 5 + [1, 1_999, 2]), (2_000, 1, [400] * 5)],
)  # fmt: skip
@pytest.mark.gen_test
async def test_a_long_batch_is_divided_where_its_series_begin_anew(series: int, times: int, entries: list[int]) -> None:
    async with running(Stand(max_series=3_000)) as stand:
        await stand.accepting.accept(batch(*(f"m{n}" for _ in range(times) for n in range(series))))
        found = [entry.keys.decode().split("\n") for entry in await stand.entries("metrics.0")]
        assert [len(keys) for keys in found] == entries
        assert [key for keys in found for key in keys] == [f"m{n}" for _ in range(times) for n in range(series)]


@pytest.mark.gen_test
async def test_very_many_ends_come_in_several_entries() -> None:
    async with running(Stand(max_series=5)) as stand:
        await stand.accepting.end((f"m{n}", None) for n in range(5_000))
        changes = await stand.changes("metrics.0")
        found = [change.keys.decode().split("\n") for change in changes if isinstance(change, SeriesEnded)]
        assert [len(keys) for keys in found] == [2_000, 2_000, 1_000]
        assert [key for keys in found for key in keys] == [f"m{n}" for n in range(5_000)]


@pytest.mark.gen_test
async def test_entries_of_long_texts_are_short_in_rows() -> None:
    async with running(Stand(max_series=3_000)) as stand:
        keys = [f'm{{a="{n:04}",b="{"x" * 1_000}"}}' for n in range(1_000)]
        await stand.accepting.accept(batch(*keys))
        found = [entry.keys.decode().split("\n") for entry in await stand.entries("metrics.0")]
        assert [key for some in found for key in some] == keys
        assert all(sum(map(len, some)) <= 256 << 10 for some in found)


@pytest.mark.gen_test
async def test_series_that_are_too_large_are_refused_one_by_one_with_the_setting_that_allows_more() -> None:
    async with running(Stand()) as stand:
        many = ",".join(f'l{n:02}="x"' for n in range(65))
        wide, deep = f"wide{{{many}}}", f'deep{{a="{"x" * 4_097}"}}'
        outcome = await stand.accepting.accept(batch("a", wide, "b", deep))
        assert outcome.accepted == 2
        assert [(r.index, r.field, r.reason) for r in outcome.refused] == [
            (1, "labels", "wide has 65 labels; at most 64 (setting max_labels)"),
            (3, "labels.a", "is 4097 bytes long; at most 4096 (setting max_label_value_bytes)"),
        ]
        assert [entry.keys.decode() for entry in await stand.entries("metrics.0")] == ["a\nb"]


@pytest.mark.gen_test
async def test_deltas_without_a_time_of_their_own_never_replace_each_other() -> None:
    async with running(Stand()) as stand:
        some = Batch(["a", "a", "b"], [None] * 3, [1.0, 2.0, 3.0], kinds={"a": "delta", "b": "gauge"})
        for _ in range(2):
            await stand.accepting.accept(some)
        await stand.applied()
        (replica,) = stand.replicas.followed().values()
        values = {series.text: series.values.tolist() for series in replica.table}
        assert values == {"a": [1.0, 2.0, 1.0, 2.0], "b": [3.0]}


@pytest.mark.gen_test
async def test_a_batch_is_divided_by_the_names_of_its_series() -> None:
    async with running(Stand(partitions=4)) as stand:
        keys = [f'm{n}{{x="{n % 2}"}}' for n in range(40)]
        outcome = await stand.accepting.accept(batch(*keys, unit="B"))
        assert (outcome.accepted, outcome.refused) == (40, [])
        found: dict[str, str] = {}
        for partition in all_partitions(4):
            for entry in await stand.entries(partition):
                some = entry.keys.decode().split("\n")
                assert [row for row, _, _ in entry.declared] == list(range(len(some)))
                found |= dict.fromkeys(some, partition)
        assert found == {key: partition_of(key.partition("{")[0], 4) for key in keys}


@pytest.mark.gen_test
async def test_the_limit_counts_series_of_partitions_that_are_not_followed_and_forgets_them_in_time() -> None:
    async with running(Stand(partitions=4, max_series=10)) as stand:
        outcome = await stand.accepting.accept(batch(*(f"m{n}" for n in range(12))))
        assert outcome.accepted == 10
        assert [refusal.code for refusal in outcome.refused] == ["series_limit"] * 2
        stored = {f"m{n}" for n in range(12)} - {f"m{refusal.index}" for refusal in outcome.refused}
        again = await stand.accepting.accept(batch(*sorted(stored)))
        assert (again.accepted, again.refused) == (10, [])  # known ones are not counted twice
        assert stand.accepting._coming == {}  # else each request with a new series would look through it
        wanted = stand.replicas.want(())  # now all are followed
        await stand.replicas.wait_ready(wanted)
        await stand.applied()
        assert (await stand.accepting.accept(batch(*sorted(stored)))).accepted == 10
        assert (await stand.accepting.accept(batch("new"))).accepted == 0


@pytest.mark.gen_test
async def test_series_that_fell_silent_make_room_where_they_are_not_followed() -> None:
    async with running(Stand(partitions=4, max_series=3)) as stand:
        assert (await stand.accepting.accept(batch("a", "b", "c"))).accepted == 3
        assert (await stand.accepting.accept(batch("d"))).accepted == 0
        stand.hand.move(MET_MS / 1000 + 1)
        assert (await stand.accepting.accept(batch("d"))).accepted == 1


FEEDER = Caller("token", "t1", "feeder", token=Token("t1", "feeder", ("write",), ("m", "n"), max_series=3))


def where(outcome: Outcome, code: str) -> list[int]:
    return [refusal.index for refusal in outcome.refused if refusal.code == code]


@pytest.mark.gen_test
@pytest.mark.parametrize("partitions", [1, 4])
async def test_what_a_token_may_not_write_is_refused_by_its_place_whatever_the_partition(partitions: int) -> None:
    async with running(Stand(partitions=partitions)) as stand:
        stand.replicas.want(())
        outcome = await stand.accepting.accept(batch("m1", "x", "n1", "y", "m2", unit="%"), caller=FEEDER)
        assert (outcome.accepted, where(outcome, "forbidden")) == (3, [1, 3])
        await stand.applied()
        outcome = await stand.accepting.accept(batch("m3", "m1", "x", "n2"), caller=FEEDER)
        assert (outcome.accepted, where(outcome, "token_series_limit"), where(outcome, "forbidden")) == (1, [0, 3], [2])
        assert (await stand.accepting.accept(batch("m3", "x"))).accepted == 2  # nobody's limit
        await stand.applied()
        assert (await stand.accepting.accept(batch("m3"), caller=FEEDER)).accepted == 1  # there already
        declared = [
            row for p in all_partitions(partitions) for entry in await stand.entries(p) for row in entry.declared
        ]
        assert len(declared) == 3


@pytest.mark.gen_test
async def test_a_source_of_this_server_has_a_number_of_series_too_and_they_are_its_own() -> None:
    source = Caller("source", "t1", "t1", token=Token("source:t1", "t1", (), max_series=1))
    async with running(Stand()) as stand:
        assert (await stand.accepting.accept(batch("m1", "m2", "m3"), caller=FEEDER)).accepted == 3
        outcome = await stand.accepting.accept(batch("x", "y"), caller=source)
        assert (outcome.accepted, where(outcome, "source_series_limit")) == (1, [1])


@pytest.mark.gen_test
async def test_a_series_that_is_gone_makes_room_for_another_of_the_token() -> None:
    async with running(Stand(partitions=4)) as stand:  # where only what came lately is known
        assert (await stand.accepting.accept(batch("m1", "m2", "m3"), caller=FEEDER)).accepted == 3
        assert (await stand.accepting.accept(batch("m4"), caller=FEEDER)).accepted == 0
        stand.hand.move(MET_MS / 1000 + 1)
        assert (await stand.accepting.accept(batch("other"))).accepted == 1
        assert (await stand.accepting.accept(batch("m4"), caller=FEEDER)).accepted == 1


@pytest.mark.gen_test
async def test_kinds_are_stored_once_and_now_and_then_again() -> None:
    async with running(Stand()) as stand:

        async def feed(kind: str) -> None:
            await stand.accepting.accept(Batch(["a", "b"], [None, None], [1.0, 1.0], kinds={"a": kind, "c": "gauge"}))
            await stand.applied()

        for kind in ("counter", "counter", "gauge"):
            await feed(kind)
        stand.hand.move(DECLARED_EVERY_MS / 1000)
        for _ in range(2):
            await feed("gauge")
        kinds = [entry.kinds for entry in await stand.entries("metrics.0")]
        assert kinds == [((0, "counter"),), (), ((0, "gauge"),), ((0, "gauge"),), ()]


@pytest.mark.gen_test
async def test_a_token_ends_only_what_it_may_write_and_what_there_is() -> None:
    async with running(Stand()) as stand:
        await stand.accepting.accept(batch("m1", "x"))
        await stand.applied()
        await stand.accepting.end([(key, None) for key in ("m1", "x", "m9")], caller=FEEDER)
        await stand.applied()
        (replica,) = stand.replicas.followed().values()
        assert {series.text: series.is_ended for series in replica.table} == {"m1": True, "x": False}


@pytest.mark.gen_test
async def test_a_request_that_is_repeated_after_a_part_was_stored_loses_no_row() -> None:
    """Of 1,000 new series the first entry is stored; the repeated request is divided otherwise, because fewer series are new."""
    async with running(Stand(max_series=3_000)) as stand:
        whole = batch(*(f"m{n}" for n in range(1_000)))
        append, refused = stand.journal.append, set[int]()

        async def full(partition: str, payload: bytes, *, request_id: str = "") -> Position:
            refused.add(len(refused))
            if len(refused) > 1:
                raise Overloaded("full")
            return await append(partition, payload, request_id=request_id)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stand.journal, "append", full)
            with pytest.raises(Overloaded):
                await stand.accepting.accept(whole, request_id="r")
        await stand.applied()
        await stand.accepting.accept(batch(*whole.keys), request_id="r")
        found = {key for entry in await stand.entries("metrics.0") for key in entry.keys.decode().split("\n")}
        assert found == set(whole.keys)


@pytest.mark.gen_test
@pytest.mark.parametrize(("error", "is_kept"), [(Overloaded("full"), False), (Unavailable("no answer"), True)])
async def test_a_name_is_given_back_if_its_only_entry_is_refused(error: DashboardError, is_kept: bool) -> None:
    async def fail(partition: str, payload: bytes, *, request_id: str = "") -> Position:
        raise error

    async with running(Stand()) as stand:
        owners, first, other = Origins(), batch("a_b"), batch("a_b")
        owners.claim("a_b", "a b", first.claims)
        owners.claim("a_b", "a_b", other.claims)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stand.journal, "append", fail)
            with pytest.raises(type(error)):
                await stand.accepting.accept(first)
        assert (await stand.accepting.accept(other)).accepted == (not is_kept)


@pytest.mark.gen_test
async def test_series_may_come_while_the_known_ones_are_looked_through() -> None:
    names = [f"m{n}" for n in range(12)]
    async with running(Stand(partitions=4)) as stand:
        await stand.accepting.accept(batch("m0"))
        known = stand.accepting.known_series(names)
        assert next(known).name == "m0"
        await stand.accepting.accept(batch(*names))
        assert {series.name for series in known} <= set(names)
