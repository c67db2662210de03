"""Queries as Prometheus' clients ask them: parameters in the URL or the form, answers and errors in its format."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dashboard.entries.samples import encode_samples
from dashboard.expressions.runner import QueryLimits, QueryRunner
from dashboard.web.prometheus.handlers import PrometheusServices
from dashboard.web.prometheus.routes import prometheus_routes
from tests.support.histories import T0
from tests.support.nodes import a_journal, at_work, replicas_of
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test
API = "/prometheus/api/v1"
NOW_S = T0 // 1_000
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def prometheus(*keys: str) -> AsyncIterator[Asking]:
    """Serve the API over series, each with one sample a second up to now."""
    journal = a_journal()
    replicas = replicas_of(journal)
    for second in range(5):
        t_ms = T0 - 1_000 * (4 - second)
        await journal.append("metrics.0", encode_samples(list(keys), t_ms, [float(second)] * len(keys)))
    queries = QueryRunner(replicas, QueryLimits())
    async with at_work(replicas.run):
        await replicas.wait_ready(("metrics.0",))
        yield Asking(*prometheus_routes(PrometheusServices(queries, replicas, lambda: T0)))
    queries.close()


async def test_a_query_is_answered_at_one_time_also_when_it_comes_in_a_form() -> None:
    async with prometheus("x") as site:
        said = (await site.ask(f"{API}/query?query=2*x")).json
        assert said["status"] == "success"
        assert said["data"] == {"resultType": "vector", "result": [{"metric": {}, "value": [NOW_S, "8"]}]}
        earlier = f"query=x&time={NOW_S - 3}".encode()
        by_form = (await site.ask(f"{API}/query", "POST", earlier, **FORM)).json
        assert by_form["data"]["result"][0]["value"] == [NOW_S - 3, "1"]
        assert (await site.ask(f"{API}/query?query=x&limit=1&lookback_delta=1s&time={NOW_S + 2}")).json["data"][
            "result"
        ] == []


async def test_a_range_has_one_value_a_step() -> None:
    async with prometheus("x") as site:
        said = (await site.ask(f"{API}/query_range?query=x&start={NOW_S - 4}&end={NOW_S}&step=2")).json
        assert [value for _, value in said["data"]["result"][0]["values"]] == ["0", "2", "4"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("query?query=x{", "1:2: parse error"),
        ("query_range?query=x&start=5&end=4&step=1", "end timestamp must not be before start time"),
        ("query_range?query=x&start=4&end=5&step=0", "zero or negative query resolution"),
        ("query_range?query=x&start=0&end=11001&step=1", "exceeded maximum resolution of 11,000 points"),
        ("query_range?query=x[1m]&start=4&end=5&step=1", 'invalid parameter "query"'),
        ("query_exemplars?query=x&start=5&end=4", "end timestamp must not be before start timestamp"),
        ("series", "no match[] parameter provided"),
    ],
)
async def test_a_wrong_parameter_is_refused_as_prometheus_does(path: str, reason: str) -> None:
    async with prometheus("x") as site:
        reply = await site.ask(f"{API}/{path}")
        assert (reply.status, reply.json["status"], reply.json["errorType"]) == (400, "error", "bad_data")
        assert reason in reply.json["error"]
        assert reply.headers["Content-Type"] == "application/json"


async def test_expressions_are_laid_out_and_taken_apart() -> None:
    async with prometheus() as site:
        assert (await site.ask(f"{API}/format_query?query=sum(x)by(y)")).json["data"] == "sum by (y) (x)"
        tree = (await site.ask(f"{API}/parse_query?query=x%2B1")).json["data"]
        assert (tree["type"], tree["op"]) == ("binaryExpr", "+")
        assert (await site.ask(f"{API}/query_exemplars?query=x")).json["data"] == []


async def test_clients_find_out_that_the_api_is_there() -> None:
    async with prometheus() as site:
        reply = await site.ask("/prometheus/")
        assert (reply.status, reply.headers["Location"]) == (302, "/explore")
        build = (await site.ask(f"{API}/status/buildinfo")).json["data"]
        assert build["version"].startswith("3.")
