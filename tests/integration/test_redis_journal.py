"""The journal in Redis, used by several processes: one order, no entry doubled, no entry lost without a notice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from dashboard.domain.errors import ConfigurationError, Conflict, Overloaded, Unavailable
from dashboard.domain.position import Position
from dashboard.journal import redis_scripts
from tests.support.deadline import deadline
from tests.support.journals import PART
from tests.support.redis_journals import Node, nodes
from tests.support.redis_server import RedisServer

Script = Callable[..., Awaitable[Any]]


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return tmp_path.name


@pytest.fixture
def key(prefix: str) -> Callable[[str], str]:
    return lambda name: f"{{{prefix}:{PART}}}:{name}"


class Faults:
    """Layer between the engine and its append script that loses replies, or calls, as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plan: list[str] = []
        self.calls = 0
        self._real: Script = redis_scripts.append
        monkeypatch.setattr(redis_scripts, "append", self)

    async def __call__(self, *args: Any, **options: Any) -> Any:
        self.calls += 1
        fault = self.plan.pop(0) if self.plan else ""
        if fault == "call":
            raise RedisConnectionError("lost on the way there")
        reply = await self._real(*args, **options)
        if fault == "reply":
            raise RedisConnectionError("lost on the way back")
        return reply


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    return Faults(monkeypatch)


# --- one order ---


@pytest.mark.gen_test
async def test_all_processes_see_all_entries_in_one_order(shared_redis: RedisServer, prefix: str) -> None:
    async with nodes(shared_redis.url, prefix, 3) as three:
        await asyncio.gather(*(node.append(*(b"%d:%d" % (n, i) for i in range(50))) for n, node in enumerate(three)))
        for node in three:
            await node.until_seq(150)
        assert three[0].payloads() == three[1].payloads() == three[2].payloads()
        assert all(node.seqs() == list(range(1, 151)) for node in three)
        assert not any(node.gaps() for node in three)


@pytest.mark.gen_test
async def test_what_comes_together_is_stored_in_one_round_trip(
    shared_redis: RedisServer, prefix: str, faults: Faults
) -> None:
    async with nodes(shared_redis.url, prefix) as (node,):
        assert await node.append(*(b"x" for _ in range(500))) == list(range(1, 501))
        assert faults.calls <= 2


@pytest.mark.gen_test
async def test_a_request_is_the_same_whichever_process_it_comes_to(shared_redis: RedisServer, prefix: str) -> None:
    async with nodes(shared_redis.url, prefix, 2) as (one, other):
        assert await one.append(b"a", request_id="r") == [1]
        assert await other.append(b"a", request_id="r") == [1]
        assert await other.append(b"b") == [2]


@pytest.mark.gen_test
async def test_time_is_redis_time_on_every_process(shared_redis: RedisServer, prefix: str) -> None:
    node = Node(shared_redis.url, prefix)
    node.clock._base_ms -= 3_600_000  # a machine whose clock is an hour behind
    await node.journal.open()
    seconds, micros = shared_redis.client().time()
    assert abs(node.clock.now_ms() - (seconds * 1000 + micros // 1000)) < 2_000
    await node.journal.close()


# --- lost replies and calls ---


@pytest.mark.parametrize("plan", [["reply"], ["call"], ["reply", "reply", "call"], ["call", "reply", "reply"]])
@pytest.mark.gen_test
async def test_whatever_is_lost_on_the_way_there_is_one_entry_each(
    shared_redis: RedisServer, prefix: str, faults: Faults, plan: list[str]
) -> None:
    async with nodes(shared_redis.url, prefix) as (node,):
        faults.plan = plan
        assert await node.append(b"a", b"b", b"c") == [1, 2, 3]
        assert await node.append(b"d") == [4]
        await node.until_seq(4)
        assert node.payloads() == [b"a", b"b", b"c", b"d"]


@pytest.mark.gen_test
async def test_what_was_answered_with_an_error_is_not_stored_later(
    shared_redis: RedisServer, prefix: str, faults: Faults
) -> None:
    async with nodes(shared_redis.url, prefix, wait_s=0.3) as (node,):
        faults.plan = ["call"] * 100
        with pytest.raises(Unavailable, match="lost on the way"):
            await node.append(b"given up")
        faults.plan = []
        async with deadline(20):
            while node.journal.fault():
                await asyncio.sleep(0.01)
        assert await node.append(b"next") == [1]
        await node.until_seq(1)
        assert node.payloads() == [b"next"]


@pytest.mark.gen_test
async def test_what_was_stored_though_its_caller_was_told_otherwise_is_there_once(
    shared_redis: RedisServer, prefix: str, faults: Faults
) -> None:
    async with nodes(shared_redis.url, prefix, wait_s=0.3) as (node,):
        faults.plan = ["reply", *["call"] * 100]
        with pytest.raises(Unavailable):
            await node.append(b"a", request_id="r")
        faults.plan = []
        async with deadline(20):
            while node.journal.fault():
                await asyncio.sleep(0.01)
        assert await node.append(b"a", request_id="r") == [1]  # the feeder tries again
        assert await node.append(b"b") == [2]


@pytest.mark.gen_test
async def test_a_redis_that_is_away_for_long_costs_nothing(
    shared_redis: RedisServer, prefix: str, faults: Faults
) -> None:
    async with nodes(shared_redis.url, prefix, wait_s=0.2) as (node,):
        faults.plan = ["call"] * 1_000
        with pytest.raises(Unavailable):
            await node.append(b"x")
        before = faults.calls
        for _ in range(100):
            with pytest.raises(Unavailable):
                await node.append(b"x")
        assert faults.calls <= before + 5  # it looks now and then by itself whether Redis is back
        assert node.journal.fault() != ""


@pytest.mark.gen_test
async def test_what_waits_is_bounded_in_bytes(shared_redis: RedisServer, prefix: str, faults: Faults) -> None:
    async with nodes(shared_redis.url, prefix, wait_s=5, max_waiting_bytes=10_000) as (node,):
        faults.plan = ["call"] * 3
        waiting = [asyncio.ensure_future(node.append(bytes(range(250)))) for _ in range(18)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await node.append(bytes(range(250)))
        assert sorted(seq for seqs in await asyncio.gather(*waiting) for seq in seqs) == list(range(1, 19))
        assert await node.append(b"room again") == [19]


# --- leases and checkpoints ---


@pytest.mark.gen_test
async def test_a_lease_is_held_by_one_process_until_it_goes_or_falls_silent(
    shared_redis: RedisServer, prefix: str
) -> None:
    async with nodes(shared_redis.url, prefix) as (other,):
        async with nodes(shared_redis.url, prefix) as (one,):
            assert await one.journal.hold("duty", 60)
            assert not await other.journal.hold("duty", 60)
        assert await other.journal.hold("duty", 0.05)  # the first has said good-bye
        async with nodes(shared_redis.url, prefix) as (third,), deadline(20):
            while not await third.journal.hold("duty", 60):
                await asyncio.sleep(0.01)
            assert not await other.journal.hold("duty", 60)


async def stream(*batches: list[tuple[str, bytes | None]]) -> Any:
    for batch in batches:
        yield batch


@pytest.mark.gen_test
async def test_checkpoints_leave_nothing_behind_and_never_go_back(
    shared_redis: RedisServer, prefix: str, key: Callable[[str], str]
) -> None:
    client = shared_redis.client()
    async with nodes(shared_redis.url, prefix, 2) as (one, other):
        epoch = one.head.epoch
        for seq in (1, 2, 3):
            records = [(f"r{n}", b"%d" % seq * 100) for n in range(250)]
            await one.journal.save_checkpoint(PART, Position(epoch, seq), stream(records))
        with pytest.raises(Conflict):  # it goes back
            await other.journal.save_checkpoint(PART, Position(epoch, 2), stream([("r0", b"old")]))
        with pytest.raises(Conflict):  # it was made on top of one that is not in force any more
            await other.journal.save_checkpoint(
                PART, Position(epoch, 9), stream([("r0", b"old")]), base=Position(epoch, 2)
            )
        stored = await other.journal.load_checkpoint(PART)
        assert stored is not None
        assert stored.position == await one.journal.checkpoint_position(PART) == Position(epoch, 3)
        assert stored.records == {f"r{n}": b"3" * 100 for n in range(250)}
        await other.journal.save_checkpoint(PART, Position(epoch, 4), stream([("r0", b"new")]), whole=True)
        left = [k for k in client.scan_iter(key("*")) if b":blob:" in k or b":staged:" in k]
        assert len([k for k in left if client.ttl(k) == -1]) == 1
        assert all(client.ttl(k) > 0 for k in left if client.ttl(k) != -1)


# --- starting ---


@pytest.mark.gen_test
async def test_a_redis_that_is_not_there_is_said_by_its_address(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setattr("dashboard.journal.redis._START_S", 0.2)
    node = Node("redis://:secret@127.0.0.1:1/0", prefix)
    with pytest.raises(ConfigurationError, match=r"redis://:\*\*\*@127.0.0.1:1/0.*check that Redis runs"):
        await node.journal.open()
    await node.journal.close()


@pytest.mark.gen_test
async def test_a_wrong_password_is_said_at_once_and_the_documented_rights_suffice(tmp_path: Path, prefix: str) -> None:
    rights = (Path(__file__).parents[2] / "docs" / "redis.acl").read_text().strip()
    (tmp_path / "users.acl").write_text(rights.replace("SECRET", "pass") + "\n")
    server = RedisServer(tmp_path / "redis", f"aclfile {tmp_path}/users.acl").start()
    try:
        wrong = Node(f"redis://dashboard:no@127.0.0.1:{server.port}/0", "dashboard")
        with pytest.raises(ConfigurationError, match=r"WRONGPASS|invalid username"):
            await wrong.journal.open()
        await wrong.journal.close()
        async with nodes(f"redis://dashboard:pass@127.0.0.1:{server.port}/0", "dashboard") as (node,):
            await node.append(b"x" * 1_000, request_id="r")
            await node.until_seq(1)
            await node.journal.save_checkpoint(PART, node.head, stream([("a", b"1")]))
            assert await node.journal.load_checkpoint(PART) == (node.head, {"a": b"1"})
            assert await node.journal.hold("duty", 5)
            async with nodes(f"redis://dashboard:pass@127.0.0.1:{server.port}/0", "dashboard") as (late,):
                await late.until_seq(1)
    finally:
        server.close()
