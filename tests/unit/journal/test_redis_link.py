"""URLs of Redis, and the clients made from them."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from dashboard.domain.errors import ConfigurationError
from dashboard.journal.redis_link import BackOff, Link, explain, is_refusal
from dashboard.settings import without_password


@pytest.mark.parametrize(
    ("url", "host", "port", "db"),
    [
        ("redis://example", "example", 6379, 0),
        ("redis://user:pa%40ss@example:7000/3", "example", 7000, 3),
        ("rediss://example:6380/1?ssl_ca_certs=/etc/ca.pem", "example", 6380, 1),
    ],
)
def test_a_single_server_is_named_by_its_url(url: str, host: str, port: int, db: int) -> None:
    client = Link(url, timeout_s=2).client()
    assert isinstance(client, Redis)
    options = client.connection_pool.connection_kwargs
    assert (options["host"], options.get("port", 6379), options.get("db", 0)) == (host, port, db)
    assert options["retry"].get_retries() == 0
    assert options["socket_timeout"] == 2


def test_a_client_for_one_caller_leaves_the_deadline_to_it() -> None:
    client = Link("redis://example", timeout_s=2).client(alone=True)
    assert client.connection_pool.connection_kwargs["socket_timeout"] is None
    assert client.connection_pool.connection_kwargs["socket_connect_timeout"] == 2


@pytest.mark.gen_test
async def test_a_cluster_is_named_by_some_of_its_nodes() -> None:
    client = Link("rediss+cluster://me:secret@one:7001,two?ssl_cert_reqs=none", timeout_s=2).client()
    assert isinstance(client, RedisCluster)
    nodes = {(node.host, node.port) for node in client.nodes_manager.startup_nodes.values()}
    assert nodes == {("one", 7001), ("two", 6379)}
    options = client.nodes_manager.connection_kwargs
    assert (options["username"], options["password"], options["ssl_cert_reqs"]) == ("me", "secret", "none")


def test_sentinels_are_asked_for_the_master() -> None:
    client = Link("redis+sentinel://:secret@one:26379,two/mymaster/2", timeout_s=2).client()
    pool = client.connection_pool
    assert pool.service_name == "mymaster"
    assert [s.connection_pool.connection_kwargs["host"] for s in pool.sentinel_manager.sentinels] == ["one", "two"]
    assert (pool.connection_kwargs["password"], pool.connection_kwargs["db"]) == ("secret", 2)


@pytest.mark.parametrize(
    "url",
    ["", "localhost", "http://localhost", "redis+sentinel://host", "redis+cluster://", "redis+ring://host",
     "redis+cluster://host?retries=5", "redis://host:port"],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_the_forms_there_are(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"redis\+sentinel://host"):
        Link(url, timeout_s=2)


@pytest.mark.parametrize(
    "url", ["redis://user:secret@host:1/0", "redis://:secret@host", "redis+cluster://u:secret@a:1,b:2", "redis://u:se@cret@h"]
)  # fmt: skip
def test_no_password_is_ever_shown(url: str) -> None:
    assert "cret" not in without_password(url)
    assert "cret" not in Link(url, timeout_s=2).shown
    assert "cret" not in explain(RedisConnectionError(f"Error connecting to {url}"))


def test_errors_are_explained_and_told_apart() -> None:
    assert explain(TimeoutError()) == "no answer in time"
    assert len(explain(ResponseError("x" * 5000))) < 400
    assert is_refusal(AuthenticationError("WRONGPASS invalid username-password pair"))
    assert is_refusal(ResponseError("NOAUTH Authentication required."))
    assert not is_refusal(RedisConnectionError("refused"))


def test_pauses_double_up_to_a_limit_with_jitter() -> None:
    back_off = BackOff(0.1, 1.0)
    pauses = [back_off.next_s() for _ in range(20)]
    for pause, whole in zip(pauses, [0.1, 0.2, 0.4, 0.8, *[1.0] * 16], strict=True):
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) > 10
    back_off.reset()
    assert back_off.next_s() <= 0.1
