from __future__ import annotations

from typing import Any

import pytest

from dashboard.domain.errors import Conflict
from dashboard.domain.partition import all_partitions, partition_of
from dashboard.domain.selector import parse_selector
from dashboard.entries.documents import DocumentWritten
from dashboard.entries.metrics import encode_change
from dashboard.entries.samples import encode_samples
from dashboard.replication.replicas import windows_of
from dashboard.settings import Settings
from tests.support.histories import T0
from tests.support.nodes import a_journal, at_work, replicas_of, until

pytestmark = pytest.mark.gen_test


async def test_the_only_partition_is_always_followed() -> None:
    replicas = replicas_of(a_journal())
    assert set(replicas.followed()) == {"metrics.0"}
    assert not replicas.ready(("metrics.0",))
    async with at_work(replicas.run):
        await replicas.wait_ready(("metrics.0",))
        assert replicas.ready(("metrics.0",))


async def test_of_several_partitions_those_are_followed_that_somebody_wants() -> None:
    replicas = replicas_of(a_journal(), partitions=4)
    assert replicas.followed() == {}
    wanted = replicas.want([parse_selector("cpu")])
    assert wanted == (partition_of("cpu", 4),)
    assert set(replicas.followed()) == set(wanted)
    assert replicas.want([]) == all_partitions(4)
    assert set(replicas.followed()) == set(all_partitions(4))
    replicas.leave(wanted)
    assert replicas.replica(wanted[0]) is replicas.followed()[wanted[0]]


async def test_entries_are_applied_to_the_replica_of_their_partition() -> None:
    journal = a_journal()
    replicas = replicas_of(journal)
    await journal.append("metrics.0", encode_samples(["a", "b"], T0, [1.0, 2.0]))
    assert (replicas.lag(), replicas.of("a")) == (1, None)
    async with at_work(replicas.run):
        await replicas.wait_ready(("metrics.0",))
        assert (replicas.lag(), replicas.series_count()) == (0, 2)
        assert replicas.of("a") is replicas.replica("metrics.0")
        await journal.append("metrics.0", encode_samples(["c"], T0, [3.0]))
        await replicas.catch_up("c")
        assert replicas.series_count() == 3


async def test_a_document_is_found_also_one_that_was_just_stored() -> None:
    journal = a_journal()
    replicas = replicas_of(journal, partitions=3)
    async with at_work(replicas.run):
        assert await replicas.find_document("note") is None
        await journal.append(partition_of("note", 3), encode_change(DocumentWritten("note", b'{"n":1}')))
        found = await replicas.find_document("note")
    assert found is not None
    assert found.body == b'{"n":1}'


async def test_what_is_wanted_for_a_while_is_caught_up_with() -> None:
    journal = a_journal()
    replicas = replicas_of(journal, partitions=3)
    await journal.append(partition_of("cpu", 3), encode_samples(["cpu"], T0, [1.0]))
    async with at_work(replicas.run), replicas.wanted([parse_selector("cpu")]) as found:
        assert [len(replica.table) for replica in found] == [1]


async def test_whoever_reads_a_replica_is_told_when_it_begins_or_has_missed_entries() -> None:
    missed: list[tuple[str, str]] = []
    replicas = replicas_of(a_journal())
    replicas.subscribe_gap(lambda partition, reason: missed.append((partition, reason)))
    async with at_work(replicas.run):
        await until(lambda: bool(missed))
    assert missed == [("metrics.0", "")]


async def test_a_checkpoint_is_stored_by_the_process_that_leads() -> None:
    journal = a_journal()
    replicas = replicas_of(journal)
    await journal.append("metrics.0", encode_samples(["a"], T0, [1.0]))
    async with at_work(replicas.run):
        await replicas.wait_ready(("metrics.0",))
        assert await journal.checkpoint_position("metrics.0") is None
        await replicas.checkpoint()
        assert await journal.checkpoint_position("metrics.0") == journal.head("metrics.0")
    again = replicas_of(journal)
    async with at_work(again.run):
        await again.wait_ready(("metrics.0",))
        assert again.series_count() == 1


async def test_windows_of_settings_are_in_milliseconds() -> None:
    windows = windows_of(Settings(raw_window_s=900, fine_step_s=10, raw_max_samples=77))
    assert (windows.raw_ms, windows.fine_step_ms, windows.raw_max) == (900_000, 10_000, 77)


async def test_a_checkpoint_that_another_process_has_stored_hinders_no_other_partition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journal = a_journal()
    replicas = replicas_of(journal, partitions=2)
    partitions = replicas.want(())
    store = journal.save_checkpoint

    async def refused_once(partition: str, *others: Any, **options: Any) -> None:
        if partition == partitions[0]:
            raise Conflict("another checkpoint is stored")
        await store(partition, *others, **options)

    monkeypatch.setattr(journal, "save_checkpoint", refused_once)
    async with at_work(replicas.run):
        await replicas.wait_ready(partitions)
        await replicas.checkpoint()
    assert [await journal.checkpoint_position(each) is not None for each in partitions] == [False, True]
