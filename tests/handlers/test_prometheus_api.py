"""Prometheus' HTTP API for reading: its clients, its parameters, its errors and limits."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_api_client import PrometheusConnect

from dashboard.app.build import Dashboard
from dashboard.query.promql.query import QueryAnswer, run
from dashboard.web.prometheus import answers
from dashboard.web.server import parts
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running
from tests.support.write_request import encode, snappy

pytestmark = pytest.mark.gen_test(timeout=60)
#: It is computed in a thread.
LONG = "sum_over_time(sum(quantile_over_time(0.5, orders_total[2m:1s]))[12h:1s])"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def orders(**settings: Any) -> AsyncIterator[tuple[Dashboard, float]]:
    """Run a server with a counter of three shops, 120 s long; return it with the time of the newest sample in seconds."""
    async with running(**settings) as server:
        now_ms = int(time.time()) * 1000
        series = [
            (
                {"__name__": "orders_total", "shop": shop},
                [(float(n * i), now_ms - 120_000 + n * 1_000) for n in range(121)],
            )
            for i, shop in enumerate(("berlin", "paris", "rome"), 1)
        ]
        headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
        sent = await fetch(
            server, "/api/v1/write", method="POST", body=snappy(encode(series, [(1, "orders_total")])), headers=headers
        )
        assert sent.code == 204
        await server.replicas.catch_up("orders_total")
        yield server, now_ms / 1000


async def get(server: Dashboard, route: str, **fields: Any) -> tuple[int, Any]:
    """Send a GET; return status and JSON."""
    response = await fetch(server, f"/prometheus/api/v1/{route}?{urlencode(fields, doseq=True)}")
    return response.code, answer(response)


async def post(server: Dashboard, route: str, **fields: Any) -> tuple[int, Any]:
    """Post a form; return status and JSON."""
    body = urlencode(fields, doseq=True)
    response = await fetch(server, f"/prometheus/api/v1/{route}", method="POST", body=body, headers=FORM)
    return response.code, answer(response)


async def test_an_expression_is_answered_at_one_time_and_over_steps_by_get_and_by_form() -> None:
    async with orders() as (server, now):
        for ask in (get, post):
            status, found = await ask(server, "query", query="sum by (shop) (rate(orders_total[1m]))", time=now)
            assert status == 200
            rows = found["data"]["result"]
            assert found["data"]["resultType"] == "vector"
            assert {row["metric"]["shop"]: float(row["value"][1]) for row in rows} == pytest.approx(
                {"berlin": 1, "paris": 2, "rome": 3}
            )
            assert "stats" not in found["data"]
            timed = (await ask(server, "query", query="sum(orders_total)", time=now, stats="all"))[1]["data"]
            assert timed["stats"]["timings"]["cpuTime"] > 0
            status, found = await ask(
                server, "query_range", query="orders_total{shop='rome'}", start=now - 20, end=now, step="10s"
            )
            assert found["data"] == {
                "resultType": "matrix",
                "result": [
                    {
                        "metric": {"__name__": "orders_total", "shop": "rome"},
                        "values": [[now - 20, "300"], [now - 10, "330"], [now, "360"]],
                    }
                ],
            }


ERRORS = [
    (
        "query",
        {"query": "sum("},
        400,
        "bad_data",
        'invalid parameter "query": 1:4: parse error: unclosed left parenthesis',
    ),
    ("query", {"query": "x", "time": "soon"}, 400, "bad_data", 'cannot parse "soon" to a valid timestamp'),
    ("query", {"query": "x", "limit": "-1"}, 400, "bad_data", "limit must be non-negative"),
    ("query", {"query": "x", "timeout": "ever"}, 400, "bad_data", 'cannot parse "ever" to a valid duration'),
    (
        "query",
        {"query": 'label_replace(orders_total, "a", "b", "c", "(")'},
        422,
        "execution",
        "invalid regular expression",
    ),
    (
        "query",
        {"query": "orders_total * on () orders_total"},
        422,
        "execution",
        "many-to-many matching not allowed",
    ),
    ("query", {"query": "sum(count_over_time(vector(1)[9y:1s]))"}, 422, "execution", "too many samples"),
    ("query_range", {"query": "x", "start": 0, "end": 11_001, "step": 1}, 400, "bad_data", "11,000 points"),
    (
        "query_range",
        {"query": "x", "start": 10, "end": 0, "step": 1},
        400,
        "bad_data",
        "end timestamp must not be before",
    ),
    (
        "query_range",
        {"query": "x", "start": 0, "end": 1, "step": 0},
        400,
        "bad_data",
        "zero or negative query resolution",
    ),
    (
        "query_range",
        {"query": "x[1m]", "start": 0, "end": 1, "step": 1},
        400,
        "bad_data",
        "must be Scalar or instant Vector",
    ),
    ("series", {}, 400, "bad_data", "no match[] parameter provided"),
    ("series", {"match[]": "sum(x)"}, 400, "bad_data", "no series selector"),
    ("metadata", {"limit": "few"}, 400, "bad_data", "limit must be a number"),
    ("query_exemplars", {"query": "x", "start": 2, "end": 1}, 400, "bad_data", "end timestamp must not be before"),
]


async def test_errors_have_prometheus_form() -> None:
    async with orders() as (server, _):
        for route, fields, status, kind, text in ERRORS:
            code, found = await get(server, route, **fields)
            assert (code, found["status"], found["errorType"]) == (status, "error", kind), (route, fields)
            assert text in found["error"]


async def test_a_query_without_a_login_is_refused_in_prometheus_form() -> None:
    async with running(login="required", secret="x" * 32) as server:
        code, found = await get(server, "query", query="1")
        assert (code, found["status"], found["errorType"]) == (401, "error", "not_authenticated")


async def test_what_there_is_is_listed() -> None:
    async with orders() as (server, now):
        assert (await get(server, "labels"))[1]["data"] == ["__name__", "shop"]
        assert (await get(server, "label/shop/values"))[1]["data"] == ["berlin", "paris", "rome"]
        chosen = await post(server, "series", **{"match[]": ['orders_total{shop=~"r.*"}', "nothing"]})
        assert chosen[1]["data"] == [{"__name__": "orders_total", "shop": "rome"}]
        late = await get(server, "labels", start=now + 100, end=now + 200)
        assert late[1]["data"] == []
        cut = await get(server, "label/shop/values", limit=2)
        assert (cut[1]["data"], cut[1]["warnings"]) == (["berlin", "paris"], ["results truncated due to limit"])
        assert (await get(server, "metadata"))[1]["data"] == {
            "orders_total": [{"type": "counter", "unit": "", "help": ""}]
        }
        assert (await get(server, "query_exemplars", query="orders_total"))[1]["data"] == []
        assert (await get(server, "status/buildinfo"))[1]["data"]["version"].startswith("3.")
        assert (await post(server, "format_query", query="sum(x)by(a)"))[1]["data"] == "sum by (a) (x)"
        tree = (await get(server, "parse_query", query="rate(x[5m]) > bool 1"))[1]["data"]
        assert (tree["type"], tree["op"], tree["bool"], tree["lhs"]["args"][0]["range"]) == (
            "binaryExpr",
            ">",
            True,
            300_000,
        )


async def test_notes_and_a_limit_are_told() -> None:
    async with orders() as (server, now):
        found = (await get(server, "query", query="histogram_quantile(2, orders_total)", time=now))[1]
        assert any("quantile value should be between 0 and 1" in text for text in found["warnings"])
        found = (await get(server, "query", query="orders_total", time=now, limit=1))[1]
        assert (len(found["data"]["result"]), found["warnings"]) == (1, ["results truncated due to limit"])


async def test_a_long_answer_is_sent_in_parts_and_one_that_is_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with orders() as (server, now):
        asked = {"query": "orders_total", "start": now - 100, "end": now, "step": 1}
        whole = await get(server, "query_range", **asked)
        lists = [("labels", {}), ("series", {"match[]": "orders_total"}), ("metadata", {})]
        listed = [await get(server, route, **fields) for route, fields in lists]
        monkeypatch.setattr(parts, "_SENT_BYTES", 50)
        monkeypatch.setattr(parts, "_PART_BYTES", 20)
        assert await get(server, "query_range", **asked) == whole
        assert [await get(server, route, **fields) for route, fields in lists] == listed
        monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 4_000)
        code, found = await get(server, "query_range", **asked)
        assert (code, found["errorType"]) == (422, "execution")
        assert "ask for fewer series or a longer step" in found["error"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold the thread of each query that is computed in a thread, until the test ends."""
    released = threading.Event()

    def wait_and_run(*given: Any, **named: Any) -> QueryAnswer:
        if threading.current_thread() is not threading.main_thread():
            released.wait()
        return run(*given, **named)

    monkeypatch.setattr("dashboard.expressions.runner.run", wait_and_run)
    yield
    released.set()


@pytest.mark.usefixtures("held")
async def test_a_long_query_does_not_hold_the_loop_and_ends_in_time() -> None:
    async with orders(query_timeout_s=2) as (server, now):
        slow = asyncio.ensure_future(get(server, "query", query=LONG, time=now))
        for _ in range(3):
            assert (await get(server, "query", query="1 + 1"))[0] == 200
        code, found = await slow
        assert (code, found["errorType"]) == (503, "timeout")


@pytest.mark.usefixtures("held")
async def test_one_callers_queries_beyond_its_limit_are_refused_and_the_server_stays_well() -> None:
    async with orders(query_timeout_s=2) as (server, now):
        found = await asyncio.gather(*(get(server, "query", query=LONG, time=now) for _ in range(40)))
        kinds = {(code, body["errorType"]) for code, body in found}
        assert kinds == {(503, "unavailable"), (503, "timeout")}
        assert (await get(server, "query", query="1"))[0] == 200


async def test_the_python_client_of_prometheus_reads() -> None:
    async with orders() as (server, now):
        client = PrometheusConnect(f"http://127.0.0.1:{server.port}/prometheus")

        def use() -> tuple[list[str], list[Any], list[Any], list[str]]:
            assert client.check_prometheus_connection()
            names = client.all_metrics()
            instant = client.custom_query("sum(orders_total)")
            over = client.custom_query_range(
                "orders_total",
                start_time=_moment(now - 20),
                end_time=_moment(now),
                step="5",
            )
            return names, instant, over, client.get_label_values("shop")

        names, instant, over, shops = await asyncio.to_thread(use)
        assert names == ["orders_total"]
        assert float(instant[0]["value"][1]) == 720
        assert [len(row["values"]) for row in over] == [5, 5, 5]
        assert shops == ["berlin", "paris", "rome"]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


#: Requests of Grafana's data source "Prometheus": health check, version, variables, explorer, panels.
GRAFANA = (
    ("POST", "query", {"query": "1+1", "time": "1700000000.000"}),
    ("GET", "status/buildinfo", {}),
    ("GET", "label/__name__/values", {"start": "1", "end": "4000000000"}),
    ("GET", "labels", {"start": "1", "end": "4000000000", "match[]": '{__name__="orders_total"}'}),
    ("POST", "labels", {"start": "1", "end": "4000000000"}),
    ("GET", "label/shop/values", {"match[]": "orders_total", "start": "1", "end": "4000000000", "limit": "40000"}),
    ("POST", "series", {"match[]": "orders_total", "start": "1", "end": "4000000000", "limit": "40000"}),
    ("GET", "metadata", {"limit": "2000"}),
    ("POST", "query_range", {"query": 'rate(orders_total{shop="rome"}[1m])', "start": "1700000000", "end": "1700000600", "step": "15"}),
    ("GET", "query_exemplars", {"query": "orders_total", "start": "1700000000", "end": "1700000600"}),
    ("GET", "parse_query", {"query": "orders_total"}),
)  # fmt: skip


async def test_the_requests_of_grafana_are_served() -> None:
    async with orders() as (server, _):
        for method, route, fields in GRAFANA:
            code, found = await (post if method == "POST" else get)(server, route, **fields)
            assert (code, found["status"]) == (200, "success"), (route, fields)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here")
async def test_promtool_queries() -> None:
    async with orders() as (server, now):
        base = f"http://127.0.0.1:{server.port}/prometheus"
        for arguments, wanted in (
            (("instant", f"--time={now}", base, "sum(orders_total)"), "{} => 720"),
            (("range", f"--start={now - 10}", f"--end={now}", "--step=5s", base, "sum(orders_total)"), "720"),
            (("series", "--match=orders_total", base), 'shop="rome"'),
            (("labels", base, "shop"), "rome"),
        ):
            process = await asyncio.create_subprocess_exec(
                "promtool", "query", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            printed = (await process.communicate())[0].decode()
            assert wanted in printed
            assert process.returncode == 0
