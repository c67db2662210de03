"""Answers to load balancers, operators and scrapers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from dashboard.web.ops.health import ClientServices, HealthHandler, MetricsHandler, ReadyHandler, SocketsHandler
from dashboard.web.server.route import Route
from tests.support.nodes import a_journal
from tests.support.pages import Process
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test


class State:
    """Readiness of a process, as the handler reads it."""

    def __init__(self, checks: Mapping[str, str], notices: Mapping[str, str]) -> None:
        self._checks, self._notices = checks, notices

    def checks(self) -> Mapping[str, str]:
        return self._checks

    def notices(self) -> Mapping[str, str]:
        return self._notices


async def test_a_living_process_says_so_also_to_options() -> None:
    site = Asking(Route("/healthz", HealthHandler, None))
    for method in ("GET", "OPTIONS"):
        reply = await site.ask("/healthz", method)
        assert (reply.status, reply.json) == (200, {"status": "ok"})


@pytest.mark.parametrize(("state", "status"), [("ok", 200), ("does not answer", 503)])
async def test_a_process_that_lacks_something_gets_no_traffic(state: str, status: int) -> None:
    checks = {"journal": "ok", "store": state}
    ready: Any = State(checks, {"boards": "wall.yaml: line 3"})
    reply = await Asking(Route("/readyz", ReadyHandler, ready), open_=False).ask("/readyz")
    assert (reply.status, reply.json) == (status, {"ready": status == 200, "checks": checks})


async def test_only_operators_are_told_which_boards_have_faults() -> None:
    ready: Any = State({"journal": "ok"}, {"boards": "wall.yaml: line 3"})
    reply = await Asking(Route("/readyz", ReadyHandler, ready)).ask("/readyz")
    assert reply.json["notices"] == {"boards": "wall.yaml: line 3"}


async def test_sockets_are_summed_up_over_users_and_rooms() -> None:
    process = Process(a_journal())
    process.page("ann", room="ops")
    process.page("ann", room="ops")
    process.page()
    services = ClientServices(process.nodes, process.registry, process.presence)
    told = (await Asking(Route("/metrics/websocket", SocketsHandler, services)).ask("/metrics/websocket")).json
    expected = {"activeConnections": 3, "authenticated": 2, "rooms": 1, "members": 1, "watching": 0, "node": "a"}
    assert {name: told[name] for name in expected} == expected


async def test_metrics_are_in_prometheus_text_format() -> None:
    registry = CollectorRegistry()
    Counter("orders", "Orders", registry=registry).inc(3)
    reply = await Asking(Route("/metrics", MetricsHandler, registry)).ask("/metrics")
    assert "orders_total 3.0" in reply.body.decode()
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
