"""Data of the version before the rooms by feature can be read: its data folder, and its Redis.

The two files in tests/data were made by that version (commit 85ca6cc): series, documents, an event, a series that ended, a user, a
token and a message; the data folder was left by ``kill -9``, with its newest entries in no checkpoint.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dashboard.accounts.credentials import hash_of
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.identity import Role
from dashboard.domain.position import Position
from dashboard.entries.rooms import ROOM_CODEC, MessageEntry
from dashboard.entries.signals import SIGNAL_CODEC, NodeBeat
from dashboard.journal.port import METRICS, ROOMS, SIGNALS, Journal
from dashboard.journal.redis import RedisJournal
from dashboard.journal.redis_link import Link
from dashboard.journal.sqlite import SqliteJournal
from dashboard.replica.series import Windows
from dashboard.replication.replicas import Replicas
from dashboard.store.database import open_database
from dashboard.store.messages import oldest
from dashboard.store.tokens import changed_tokens
from dashboard.store.users import changed_users
from tests.support.journals import HandClock, read, running
from tests.support.nodes import at_work
from tests.support.redis_server import RedisServer
from tests.support.tar import extract

pytestmark = pytest.mark.gen_test

DATA = Path(__file__).parents[1] / "data"
#: When the files were made; samples of that time are not too old then.
MADE_S = 1_795_982_200.0
TOKEN = "dsh_34-oxyzzk35jJewNw_GRBdn6DY1KVBmhgZptQeD9u1k"
HOUR_MS = 3_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with tarfile.open(DATA / "data-folder-of-0.1.0.tar.gz") as archive:
        extract(archive, tmp_path)
    return tmp_path / "data"


@asynccontextmanager
async def replicas_of(journal: Journal) -> AsyncIterator[Replicas]:
    replicas = Replicas(
        journal=journal,
        partitions=1,
        windows=Windows(HOUR_MS, 10_000, 10_000, 24 * HOUR_MS, 60_000, 720 * HOUR_MS),
        checkpoint_s=300,
        checkpoint_bytes=1 << 30,
        counters=Counters(),
    )
    async with at_work(replicas.run):
        await replicas.wait_ready((METRICS,))
        yield replicas


def last_values(replicas: Replicas) -> dict[str, float]:
    (replica,) = replicas.followed().values()
    return {series.text: series.values[-1] for series in replica.table}


async def test_a_data_folder_of_the_version_before_holds_all_that_it_held(folder: Path) -> None:
    clock = HandClock(MADE_S).journal_clock()
    made = SqliteJournal(DataFolder(folder), clock=clock, counters=Counters(), max_age_s=900, max_bytes=64 << 20)
    async with running(made) as journal, replicas_of(journal) as replicas:
        assert last_values(replicas) == {
            'orders{shop="a"}': 4.0,
            "ended": 1.0,
            'pushed_total{job="j1",shop="b"}': 7.0,
        }
        (replica,) = replicas.followed().values()
        ended = {series.text for series in replica.table if series.is_ended}
        assert ended == {'pushed_total{job="j1",shop="b"}'}
        (orders,) = [series for series in replica.table if series.key.name == "orders"]
        assert (orders.unit, orders.every_s, list(orders.values)) == ("EUR", 60.0, [3.0, 4.0])
        for key, text in (("note", "Deploy at four"), ("late", "only in the journal")):
            document = await replicas.find_document(key)
            assert document is not None
            assert json.loads(document.body) == {"text": text}
        events = await replicas.find_document("events")
        assert events is not None
        assert "Deployed" in events.body.decode()


async def test_users_tokens_and_messages_of_the_version_before_are_there(folder: Path) -> None:
    database = open_database("", DataFolder(folder))
    await database.open()
    try:
        async with database.read() as tx:
            users = {user.id: user.role for user, _ in await changed_users(tx, 0)}
            tokens = [token.name for hash_, token, _ in await changed_tokens(tx, 0) if hash_ == hash_of(TOKEN)]
            (message,) = await oldest(tx, "host", 0, 10)
    finally:
        await database.close()
    assert users["ann"] is Role.ADMIN
    assert tokens == ["jobs"]
    assert (message.text, message.key) == ("Deploy of **shop** done", "k1")


async def test_a_redis_of_the_version_before_is_read(tmp_path: Path) -> None:
    tmp_path.joinpath("redis").mkdir()
    shutil.copy(DATA / "redis-of-0.1.0.rdb", tmp_path / "redis" / "dump.rdb")
    redis = RedisServer(tmp_path / "redis").start()
    try:
        clock = HandClock(MADE_S).journal_clock()
        made = RedisJournal(
            Link(redis.url, timeout_s=2),
            prefix="dashboard",
            partitions=[METRICS, ROOMS, SIGNALS],
            clock=clock,
            counters=Counters(),
            max_age_s=10 * 365 * 86_400,
            max_bytes=64 << 20,
            stamp_ms=clock.now_ms,
            patience_s=0,
        )
        async with running(made) as journal:
            async with replicas_of(journal) as replicas:
                assert last_values(replicas) == {'orders{shop="a"}': 3.0, "ended": 1.0}
            (said,) = await read(journal, Position(journal.head(ROOMS).epoch, 0), 1, ROOMS)
            event = ROOM_CODEC.decode(said.payload)  # type: ignore[union-attr]
            assert isinstance(event, MessageEntry)
            assert event.message.text == "Deploy of **shop** done"
            seq = journal.head(SIGNALS).seq
            signals = await read(journal, Position(journal.head(SIGNALS).epoch, seq - 1), seq, SIGNALS)
            assert SIGNAL_CODEC.decode(signals[-1].payload) is not None  # type: ignore[union-attr]
            assert NodeBeat.__struct_config__.tag == "n"
    finally:
        redis.close()
