"""Answers to every kind of feeder while nothing can be stored, and the counts of that time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from dashboard.domain.errors import Overloaded, Unavailable
from tests.handlers.feeders import document, fed, guarded, post, series_in
from tests.handlers.support import fetch
from tests.handlers.test_ingest_agents import METRIC, VALUES
from tests.handlers.test_ingest_events import alert, webhook
from tests.handlers.test_ingest_otlp import JSON, PROTOBUF, gauge, protobuf
from tests.handlers.test_ingest_prometheus import REMOTE, body, now_ms
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

REQUESTS: list[tuple[str, str, Any, dict[str, str]]] = [
    ("POST", "/api/v1/samples", {"series": "a", "value": 1}, {}),
    ("POST", "/api/v1/samples/a", "1", {}),
    ("PUT", "/api/v1/documents/a", "1", {}),
    ("POST", "/write", "a v=1", {}),
    ("POST", "/api/v2/write", "a v=1", {}),
    ("POST", "/api/live/push/a", "live v=1", {}),
    ("POST", "/api/v1/telegraf", METRIC, {}),
    ("POST", "/api/v1/collectd", [VALUES], {}),
    ("POST", "/api/v1/write", body(("a", 1, now_ms())), REMOTE),
    ("PUT", "/metrics/job/a", "a 1\n", {}),
    ("POST", "/metrics/job/a", "a 1\n", {}),
    ("POST", "/v1/metrics", gauge(1), JSON),
    ("POST", "/v1/metrics", protobuf(1), PROTOBUF),
    ("POST", "/widgets/a", {"current": 1}, {}),
    ("POST", "/dashboards/a", {"event": "reload"}, {}),
    ("POST", "/events/", {"what": "x"}, {}),
    ("POST", "/api/annotations", {"text": "x"}, {}),
    ("POST", "/api/v1/alertmanager", webhook(alert()), {}),
    ("POST", "/api/v2/alerts", [alert()], {}),
    ("GET", "/api/push/a?status=up", None, {}),
    ("GET", "/ping/a", None, {}),
]


@pytest.mark.parametrize("error", [Overloaded("too much waits"), Unavailable("the disk is full")])
async def test_everybody_is_told_to_come_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as server:

        async def refuse(*_: object, **__: object) -> None:
            raise error

        METRIC["timestamp"] = int(time.time())
        with monkeypatch.context() as patched:
            patched.setattr(server.journal, "append", refuse)
            for method, path, sent, headers in REQUESTS:
                response = await post(server, path, sent, method=method, headers=headers)
                assert (response.code, response.headers.get("Retry-After")) == (503, "1"), path
        assert (series_in(server), document(server, "events")) == ({}, None)
        assert set(server.counters.samples_refused) == {error.code}  # type: ignore[attr-defined]
        assert server.counters.samples_accepted == server.counters.documents_accepted == 0
        counts = fed(server)
        assert {outcome for _, _, outcome in counts} == {"refused"}
        assert [count for (_, format_, _), count in counts.items() if format_ == "document"] == [1]
        for method, path, sent, headers in REQUESTS:
            response = await post(server, path, sent, method=method, headers=headers)
            assert response.code in (200, 202, 204), (path, response.body)


async def test_of_documents_of_which_some_are_not_stored_each_counts_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as server:
        append = server.journal.append

        async def store(partition: str, payload: bytes, **options: Any) -> Any:
            if b"second" in payload:
                raise Unavailable("the disk is full")
            return await append(partition, payload, **options)

        monkeypatch.setattr(server.journal, "append", store)
        body = 'a v=1,s="first"\nb s="second"\nc s="third"\n'
        assert (await post(server, "/write", body)).code == 503
        assert document(server, "c_s") is not None
        assert {outcome: count for (_, _, outcome), count in fed(server).items()} == {"accepted": 3, "refused": 1}
        assert server.counters.samples_refused == {"unavailable": 1}


async def test_what_was_accepted_and_refused_is_what_was_sent() -> None:
    async with running(max_series=3) as server:
        now = int(time.time())
        await post(server, "/write", "a v=1\nb v=2\nbad\nc v=3\nd v=4\n")  # one bad, one series too many
        await post(server, "/api/v1/collectd", [VALUES | {"time": now}])  # one too many, one null: no value
        await post(server, "/api/v1/samples", [{"series": "a_v", "value": 1}, {"series": "x y", "value": 1}])
        text = (await fetch(server, "/metrics")).body.decode()
        lines = dict(
            line.rsplit(" ", 1)
            for line in text.splitlines()
            if line.startswith(("dashboard_samples", "dashboard_feeder"))
        )
        assert lines == {
            "dashboard_samples_accepted_total": "4.0",
            'dashboard_samples_refused_total{reason="invalid"}': "2.0",
            'dashboard_samples_refused_total{reason="series_limit"}': "2.0",
            'dashboard_feeder_samples_total{format="influx",outcome="accepted",token="local"}': "3.0",
            'dashboard_feeder_samples_total{format="influx",outcome="refused",token="local"}': "2.0",
            'dashboard_feeder_samples_total{format="collectd",outcome="refused",token="local"}': "1.0",
            'dashboard_feeder_samples_total{format="json",outcome="accepted",token="local"}': "1.0",
            'dashboard_feeder_samples_total{format="json",outcome="refused",token="local"}': "1.0",
        }


async def test_rows_of_the_counts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.intake.intake._MAX_COUNTED", 1)
    async with running() as server:
        await post(server, "/write", "a v=1\n")
        await post(server, "/api/v1/samples/a", "1")
        await post(server, "/api/v1/telegraf", METRIC | {"timestamp": int(time.time())})
        assert fed(server) == {
            ("local", "influx", "accepted"): 1,
            ("other", "json", "accepted"): 1,
            ("other", "telegraf", "accepted"): 2,
        }


async def test_nobody_feeds_a_guarded_server_without_a_token(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, _):
        for method, path, sent, headers in REQUESTS:
            response = await post(server, path, sent, method=method, headers=headers)
            if path.startswith(("/api/push/", "/ping/")):
                assert response.code == 404, path
            else:
                assert (response.code, response.headers["WWW-Authenticate"][:12]) == (401, "Basic realm="), path
        assert (series_in(server), document(server, "events")) == ({}, None)
        assert {(token, outcome) for token, _, outcome in fed(server)} == {("anonymous", "refused")}


@pytest.mark.expects_log("GET /api/push/{push} failed")
@pytest.mark.expects_log("500 GET /api/push/{push}")
async def test_a_token_in_an_address_never_stands_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with guarded(tmp_path) as (server, token):

        async def fail(*_: object, **__: object) -> None:
            raise RuntimeError("a fault of ours")

        monkeypatch.setattr(server.intake, "accept", fail)
        response = await fetch(server, f"/api/push/{token}?token={token}")
        assert (response.code, token in response.body.decode()) == (500, False)
        assert token not in caplog.text
