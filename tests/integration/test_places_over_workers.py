"""Places for WebSockets, on two workers: one address without a login gets at most its share over both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.deadline import wait_until
from tests.support.people import make_users
from tests.support.rawsocket import RawSocket

HELLO_S = 2


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, str]]:
    folder: Path = tmp_path_factory.mktemp("places")
    (folder / "server" / "data").mkdir(parents=True)
    token = make_users(folder / "server" / "data", {"ann": Role.VIEWER}, passwords=False)["ann"]
    flags = ("--login", "required", "--max-anonymous-per-address", "6", "--max-connections", "10")
    with Cluster(folder, *flags, "--hello-s", str(HELLO_S), "--max-user-connections", "50") as cluster:
        yield cluster, token


def open_sockets(left: ExitStack, ports: list[int], count: int, token: str = "") -> list[RawSocket]:
    """Open connections on the ports in turn; return those that the server accepted."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    found = [left.enter_context(RawSocket(ports[n % len(ports)], headers=headers)) for n in range(count)]
    return [each for each in found if each.status == 101]


def test_places_of_an_address_are_counted_over_both_workers_and_users_get_theirs(company: tuple[Cluster, str]) -> None:
    cluster, token = company
    with ExitStack() as left:
        anonymous = open_sockets(left, cluster.direct_ports, 20)
        assert len(anonymous) == 6
        known = open_sockets(left, cluster.direct_ports, 10, token)
        assert len(known) == 10
        # they have nothing to watch and do not log in: pings do not keep them
        for each in (*anonymous, *known):
            each.send_frame(9, b"still here")
            each.send_json(type="ping")
        for each in anonymous:
            assert each.read_close() == 4502
        for each in known:
            each.send_json(type="ping", id=1)
            while each.read_json("pong").get("id") != 1:  # the one before had none
                pass
        assert len(open_sockets(left, cluster.direct_ports, 10)) == 6


def test_places_of_a_worker_that_was_killed_are_free_again(company: tuple[Cluster, str]) -> None:
    cluster, _ = company
    with ExitStack() as left:
        assert open_sockets(left, cluster.direct_ports[:1], 6)
        pid = cluster.signal_worker(1, 9)
        cluster.wait_replaced(1, pid)
        cluster.wait_ready()
        wait_until(lambda: len(open_sockets(left, cluster.direct_ports[1:], 6)) == 6, 10, "free places")


def test_who_logs_in_leaves_its_anonymous_place(company: tuple[Cluster, str]) -> None:
    cluster, token = company
    with ExitStack() as left:
        wait_until(lambda: not cluster.metric(cluster.direct_ports[0], "dashboard_connections"))
        for each in open_sockets(left, cluster.direct_ports[:1], 6):
            each.send_json(type="auth", userId="ann", token=token)
            each.read_json("authenticated")
        assert len(open_sockets(left, cluster.direct_ports[1:], 6)) == 6
