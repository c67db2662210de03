"""Redis that was emptied, set back, or filled with foreign data: the loss is noticed and reported, and the work continues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from dashboard.domain.errors import Unavailable
from dashboard.domain.position import Position
from dashboard.journal.port import Entry, Gap
from dashboard.journal.redis_log import Log
from tests.support.deadline import deadline
from tests.support.journals import PART
from tests.support.redis_journals import Node, nodes
from tests.support.redis_server import RedisServer


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return tmp_path.name


@pytest.fixture
def key(prefix: str) -> Callable[[str], str]:
    return lambda name: f"{{{prefix}:{PART}}}:{name}"


# --- lost entries ---


@pytest.mark.gen_test
async def test_a_redis_that_was_emptied_begins_a_new_epoch_for_all(
    shared_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    async with nodes(shared_redis.url, prefix, 2) as (one, other):
        await one.append(b"a", b"b", b"c")
        await other.until_seq(3)
        before = one.head.epoch
        shared_redis.client().delete(key("log"), key("head"), key("requests"))
        assert await other.append(b"d") == [1]
        for node in (one, other):
            await node.until_seq(1, gaps=1)
            assert node.gaps() == [Gap("epoch", Position(node.head.epoch, 0))]
            assert node.payloads()[-1] == b"d"
        assert one.head == other.head != Position(before, 1)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Return a Redis whose connections the test may cut."""
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.close()


def copies(client: redis.Redis, keys: list[str]) -> list[bytes]:
    return [client.dump(each) or b"" for each in keys]


def put_back(client: redis.Redis, keys: list[str], dumps: list[bytes]) -> None:
    """Set Redis back to an older state and cut all connections, as a fail-over to a lagging copy does."""
    pipe = client.pipeline()
    for each, dump in zip(keys, dumps, strict=True):
        pipe.delete(each)
        if dump:
            pipe.restore(each, 0, dump)
    pipe.execute()
    client.client_kill_filter(_type="normal", skipme=True)


@pytest.mark.gen_test
async def test_a_fail_over_to_a_copy_that_lags_is_noticed_and_goes_on_where_both_are_alike(
    own_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    keys = [key("log"), key("head"), key("requests")]
    async with nodes(own_redis.url, prefix, 2) as (one, other):
        await one.append(b"1", b"2", b"3")
        old = copies(own_redis.client(), keys)
        await one.append(b"4", b"5")
        await other.until_seq(5)
        epoch = one.head.epoch
        put_back(own_redis.client(), keys, old)
        assert await one.append(b"4 again") == [4]
        for node in (one, other):
            await node.until_seq(4, gaps=1)
            assert node.gaps() == [Gap("epoch", Position(node.head.epoch, 3))]
            assert node.payloads()[-1] == b"4 again"
        assert one.head == other.head
        assert one.head.epoch != epoch


@pytest.mark.gen_test
async def test_a_copy_that_went_another_way_before_anybody_noticed_is_told_from_ours(
    own_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    keys = [key("log"), key("head"), key("requests")]
    async with nodes(own_redis.url, prefix) as (one,):
        await one.append(b"1", b"2")
        old = copies(own_redis.client(), keys)
        await one.append(b"3")
        await one.until_seq(3)
        client = own_redis.client()
        pipe = client.pipeline()
        for each, dump in zip(keys, old, strict=True):
            pipe.delete(each)
            if dump:
                pipe.restore(each, 0, dump)
        pipe.execute()
        async with nodes(own_redis.url, prefix) as (newcomer,):  # knows nothing of entry 3
            assert await newcomer.append(b"another 3", b"another 4") == [3, 4]
            client.client_kill_filter(_type="normal", skipme=True)
            await one.until_seq(4, gaps=1)
            assert one.gaps() == [Gap("epoch", Position(one.head.epoch, 2))]
            assert one.payloads() == [b"1", b"2", b"3", b"another 3", b"another 4"]
            await newcomer.append(b"5")
            await newcomer.until_seq(5, gaps=1)
            await one.until_seq(5)
            assert newcomer.payloads() == [b"1", b"2", b"another 3", b"another 4", b"5"]


@pytest.mark.gen_test
async def test_a_process_that_starts_from_an_older_epoch_goes_on_where_both_are_alike(
    own_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    keys = [key("log"), key("head"), key("requests")]
    async with nodes(own_redis.url, prefix) as (one,):
        await one.append(b"1", b"2", b"3")
        old, epoch = copies(own_redis.client(), keys), one.head.epoch
        await one.append(b"4")
        await one.until_seq(4)
        put_back(own_redis.client(), keys, old)
        await one.append(b"new 4")
        await one.until_seq(4, gaps=1)
        late = Node(own_redis.url, prefix)
        await late.journal.open()
        for after, seq in ((2, 2), (3, 3), (4, 3)):  # what a checkpoint of the old epoch may say
            batches = late.journal.follow(PART, Position(epoch, after))
            assert await anext(batches) == Gap("epoch", Position(one.head.epoch, seq))
            await batches.aclose()  # type: ignore[attr-defined]
        await late.journal.close()


# --- what is not ours ---


@pytest.mark.gen_test
async def test_foreign_and_broken_entries_are_skipped_and_counted(
    shared_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    client = shared_redis.client()
    async with nodes(shared_redis.url, prefix) as (node,):
        await node.append(b"1")
        client.xadd(key("log"), {"hello": "world"})
        client.xadd(key("log"), {"f" * 16: "another journal's", "x": "y"})
        await node.append(b"2")
        client.xadd(key("log"), {f"{node.head.epoch}z": "not packed"})
        client.xadd(key("log"), {node.head.epoch: "a copy, numbered 0"})
        await node.append(b"3")
        await node.until_seq(3)
        assert node.payloads() == [b"1", b"2", b"3"]
        assert not node.gaps()
        assert node.counters.foreign_entries == 4
        async with nodes(shared_redis.url, prefix) as (newcomer,):
            await newcomer.until_seq(3)
            assert newcomer.payloads() == [b"1", b"2", b"3"]


@pytest.mark.gen_test
async def test_an_entry_of_ours_that_was_damaged_is_a_gap(
    shared_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    client = shared_redis.client()
    async with nodes(shared_redis.url, prefix) as (node,):
        await node.append(b"1", b"2", b"3")
        await node.until_seq(3)
        (second,) = [i for i, _ in client.xrange(key("log")) if i.endswith(b"-2")]
        client.xdel(key("log"), second)
        async with nodes(shared_redis.url, prefix) as (newcomer,):
            await newcomer.until_seq(3)
            assert newcomer.seqs() == [1, 3]
            assert newcomer.gaps() == [Gap("trimmed", Position(node.head.epoch, 2))]


@pytest.mark.gen_test
async def test_a_stream_whose_ids_were_used_up_begins_anew(
    shared_redis: RedisServer, prefix: str, key: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(shared_redis.url, prefix) as (node,):
        await node.append(b"1")
        await node.until_seq(1)
        shared_redis.client().xadd(key("log"), {"greetings": "from far away"}, id="18446744073709551615-1")
        look = node.journal._entries

        async def slowly(log: Log, start: str, count: int) -> list[Entry]:
            found = await look(log, start, count)
            while not log.seq:  # what is looked for is stored before the answer comes
                await asyncio.sleep(0)
            return found

        monkeypatch.setattr(node.journal, "_entries", slowly)
        assert await node.append(b"2") == [1]
        async with deadline(10):
            while node.payloads() != [b"1", b"2"]:
                await asyncio.sleep(0.01)
        assert len(node.gaps()) == 1


@pytest.mark.gen_test
async def test_a_key_of_another_kind_is_said_and_waited_for(
    shared_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    client = shared_redis.client()
    async with nodes(shared_redis.url, prefix, wait_s=0.3) as (node,):
        client.delete(key("log"))
        client.set(key("log"), "not a stream")
        with pytest.raises(Unavailable, match="WRONGTYPE"):
            await node.append(b"x")
        client.delete(key("log"))
        async with deadline(20):
            while node.journal.fault():
                await asyncio.sleep(0.01)
        assert await node.append(b"y") == [1]
