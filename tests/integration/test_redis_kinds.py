"""Kinds of Redis: Cluster, Sentinel with a real fail-over, TLS. Each with real servers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from dashboard.domain.position import Position
from dashboard.journal.port import Gap
from tests.support.deadline import deadline
from tests.support.journals import PART
from tests.support.redis_journals import nodes
from tests.support.redis_server import RedisServer, free_port
from tests.support.server import wait_until


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[RedisServer]]:
    """Start three masters that share the slots."""
    with ExitStack() as stack:
        servers = []
        for number in range(3):
            server = RedisServer(
                tmp_path / f"node{number}",
                "cluster-enabled yes",
                "cluster-node-timeout 2000",
                port=free_port(below=55_536),  # its bus listens 10,000 above
            )
            stack.callback(server.close)
            servers.append(server.start())
        first, last = 0, 16_383
        ends = [first, 5_461, 10_923, last + 1]
        for server, start, end in zip(servers, ends, ends[1:], strict=False):
            server.client().execute_command("CLUSTER", "ADDSLOTSRANGE", start, end - 1)
        for server in servers[1:]:
            server.client().execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        for server in servers:
            wait_until(lambda s=server: b"cluster_state:ok" in s.client().execute_command("CLUSTER", "INFO"), 20)
            wait_until(lambda s=server: b"cluster_known_nodes:3" in s.client().execute_command("CLUSTER", "INFO"), 20)
        yield servers


@pytest.mark.gen_test
async def test_a_cluster_holds_each_partition_on_one_of_its_masters(cluster: list[RedisServer]) -> None:
    url = f"redis+cluster://127.0.0.1:{cluster[0].port},127.0.0.1:{cluster[1].port}"
    partitions = [f"metrics.{number}" for number in range(8)]
    async with nodes(url, "dashboard", 2) as (one, other):
        await one.append(b"a", b"b" * 1_000, request_id="")
        await other.until_seq(2)
        for partition in partitions:
            await one.journal.append(partition, b"x", request_id="r")
            assert (await other.journal.append(partition, b"x", request_id="r")).seq == one.journal.head(partition).seq
        assert await one.journal.hold("duty", 5)
        assert not await other.journal.hold("duty", 5)
        await one.journal.save_checkpoint(PART, one.head, _stream([(f"r{n}", b"x") for n in range(300)]))
        stored = await other.journal.load_checkpoint(PART)
        assert stored is not None
        assert len(stored.records) == 300
    on = [list(server.client().keys("*:log")) for server in cluster]
    assert sum(map(len, on)) == 8
    assert sum(bool(each) for each in on) >= 2  # the partitions are spread


async def _stream(records: list[tuple[str, bytes | None]]):  # type: ignore[no-untyped-def]
    yield records


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer, int]]:
    """Start a master, its replica, and three sentinels; return the port of one sentinel."""
    with ExitStack() as stack:
        master = RedisServer(tmp_path / "master").start()
        stack.callback(master.close)
        replica = RedisServer(tmp_path / "replica", f"replicaof 127.0.0.1 {master.port}").start()
        stack.callback(replica.close)
        wait_until(lambda: replica.client().info("replication")["master_link_status"] == "up", 20)
        ports = []
        for number in range(3):
            sentinel = RedisServer(
                tmp_path / f"sentinel{number}",
                f"sentinel monitor mymaster 127.0.0.1 {master.port} 2",
                "sentinel down-after-milliseconds mymaster 500",
                "sentinel failover-timeout mymaster 2000",
                sentinel=True,
            ).start()
            stack.callback(sentinel.close)
            ports.append(sentinel.port)
        watcher = redis.Redis(port=ports[0])
        wait_until(lambda: int(watcher.sentinel_master("mymaster")["num-other-sentinels"]) == 2, 20)
        wait_until(lambda: int(watcher.sentinel_master("mymaster")["num-slaves"]) == 1, 20)
        yield master, replica, ports[0]


@pytest.mark.timeout(90)
@pytest.mark.gen_test(timeout=80)
async def test_after_a_fail_over_by_sentinel_the_journal_goes_on(
    watched: tuple[RedisServer, RedisServer, int],
) -> None:
    master, replica, port = watched
    async with nodes(f"redis+sentinel://127.0.0.1:{port}/mymaster", "dashboard", 2, wait_s=30) as (one, other):
        await one.append(b"1", b"2", b"3")
        await other.until_seq(3)
        wait_until(lambda: replica.client().xlen("{dashboard:" + PART + "}:log") == 3)
        epoch = one.head.epoch
        master.kill()
        assert await other.append(b"4") == [4]  # waits for the replica to be promoted
        for node in (one, other):
            async with deadline(20):
                await node.until_seq(4)
            assert node.payloads() == [b"1", b"2", b"3", b"4"]
            assert not node.gaps()  # the replica had everything
        assert one.head == Position(epoch, 4)
        assert replica.client().role()[0] == b"master"


@pytest.mark.gen_test
async def test_over_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    tls_port = free_port()
    server = RedisServer(
        tmp_path / "redis",
        f"tls-port {tls_port}",
        f"tls-cert-file {certificate}",
        f"tls-key-file {key}",
        f"tls-ca-cert-file {certificate}",
        "tls-auth-clients no",
    ).start()
    try:
        async with nodes(f"rediss://localhost:{tls_port}/0?ssl_ca_certs={certificate}", "dashboard") as (node,):
            await node.append(b"1", b"2")
            await node.until_seq(2)
            assert node.got[0] != Gap
        async with nodes(f"redis://localhost:{server.port}/0", "dashboard") as (plain,):
            await plain.until_seq(2)
    finally:
        server.close()
