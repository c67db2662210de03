"""Telegraf's JSON and collectd: ../shared/wire-formats.md."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.handlers.feeders import basic, document, guarded, post, series, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

METRIC = {"name": "cpu", "tags": {"host": "a"}, "fields": {"usage": 1.5, "state": "idle"}, "timestamp": 0}
VALUES = {
    "values": [2, None],
    "dsnames": ["rx", "tx"],
    "dstypes": ["derive", "derive"],
    "interval": 10,
    "host": "a",
    "plugin": "interface",
    "plugin_instance": "eth0",
    "type": "if_octets",
    "type_instance": "",
}


async def test_telegraf_posts_many_metrics_or_one() -> None:
    async with running() as server:
        metric = METRIC | {"timestamp": int(time.time())}
        for sent, count in (({"metrics": [metric, metric]}, 4), (metric, 2)):
            response = await post(server, "/api/v1/telegraf", sent)
            assert (response.code, answer(response)) == (200, {"accepted": count})
        assert series_in(server) == {'cpu_usage{host="a"}': 1.5}
        assert document(server, "cpu_state/host:a") == {"text": "idle"}


async def test_what_telegraf_would_send_for_ever_is_told_in_a_200() -> None:
    async with running() as server:
        sent = {"metrics": [{"name": "", "fields": {"a": 1}}, METRIC | {"timestamp": int(time.time())}]}
        response = await post(server, "/api/v1/telegraf", sent)
        assert (response.code, answer(response)["accepted"]) == (200, 2)
        assert [(r["index"], r["field"]) for r in answer(response)["refused"]] == [(0, "name")]
        assert (await post(server, "/api/v1/telegraf", b"{")).code == 400


async def test_telegrafs_http_output_may_send_line_protocol_too() -> None:
    async with running() as server:
        sent = f'größe,host=a wert=1,text="x" {time.time_ns()}\nm bad\nm v=2\n'
        response = await post(server, "/api/v1/telegraf", sent)
        assert (response.code, answer(response)["accepted"]) == (200, 3)
        assert [refusal["index"] for refusal in answer(response)["refused"]] == [1]
        assert series_in(server) == {'gr__e_wert{host="a"}': 1, "m_v": 2}
        for other in (
            b"metric=mem field=active host=a  1 1700000000\n",
            b"# HELP a b\na 1\n",
            b"a.b 1 1700000000\n",
            b"\x84\xa4",
        ):
            response = await post(server, "/api/v1/telegraf", other)
            assert (response.code, "set data_format" in answer(response)["error"]) == (400, True)


async def test_collectd_values_bring_their_cadence_and_kind() -> None:
    async with running() as server:
        response = await post(server, "/api/v1/collectd", [VALUES | {"time": time.time()}])
        assert (response.code, response.body) == (200, b"")  # a value that is null is no fault
        assert series_in(server) == {'interface_if_octets_rx{host="a",plugin_instance="eth0"}': 2}
        (text,) = series_in(server)
        assert (series(server, text).every_s, series(server, text).kind) == (10, "counter")
        bad = await post(server, "/api/v1/collectd", [VALUES | {"plugin": ""}])
        assert bad.code == 400
        assert "plugin: is missing" in answer(bad)["error"]


async def test_agents_are_asked_for_their_password(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for path, sent in (("/api/v1/collectd", [VALUES]), ("/api/v1/telegraf", METRIC)):
            for headers in ({}, basic("wrong")):
                response = await post(server, path, sent, headers=headers)
                assert response.code == 401
                assert response.headers["WWW-Authenticate"] == 'Basic realm="dashboard"'
            assert (await post(server, path, sent, headers=basic(token))).code in (200, 400)
            for method in ("GET", "HEAD"):
                assert (await fetch(server, path, method=method)).code == 200
        shown = await post(server, "/api/v1/telegraf", METRIC | {"api_key": token, "timestamp": time.time()})
        assert shown.code == 200
