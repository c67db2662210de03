"""Remote write and the Pushgateway's addresses: ../shared/wire-formats.md, "Second"."""

from __future__ import annotations

import gzip
import struct
import time
from pathlib import Path
from typing import Any

import cramjam
import pytest

from dashboard.app.build import Dashboard
from tests.handlers.feeders import basic, bearer, guarded, post, series, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running
from tests.support.write_request import MetricFamily, Request2, add_series2, encode, snappy

pytestmark = pytest.mark.gen_test

REMOTE = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
(ENDED,) = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))


def now_ms() -> int:
    return int(time.time() * 1000)


def body(*rows: tuple[str, float, int], metadata: list[tuple[int, str]] | None = None) -> bytes:
    series = [({"__name__": name, "job": "a"}, [(value, t_ms)]) for name, value, t_ms in rows]
    return snappy(encode(series, metadata or []))


async def test_remote_write_answers_204_and_takes_kinds() -> None:
    async with running() as server:
        sent = body(("requests_total", 3, now_ms()), ("up", 1, now_ms()), metadata=[(1, "requests"), (2, "up")])
        response = await post(server, "/api/v1/write", sent, headers=REMOTE)
        assert (response.code, response.body) == (204, b"")
        assert series_in(server) == {'requests_total{job="a"}': 3, 'up{job="a"}': 1}
        rows = answer(await fetch(server, "/api/v1/series"))["series"]
        assert [(row["name"], row["kind"]) for row in rows] == [("requests_total", "counter"), ("up", "gauge")]


async def test_what_is_said_of_families_by_itself_holds_for_the_series_of_other_bodies() -> None:
    async with running() as server:
        await post(server, "/api/v1/write", body(("rpc_seconds_sum", 3, now_ms())), headers=REMOTE)
        told = await post(server, "/api/v1/write", body(metadata=[(5, "rpc_seconds"), (1, "calls")]), headers=REMOTE)
        assert told.code == 204
        await post(
            server, "/api/v1/write", body(("rpc_seconds_sum", 4, now_ms()), ("calls", 1, now_ms())), headers=REMOTE
        )
        assert [series(server, f'{name}{{job="a"}}').kind for name in ("rpc_seconds_sum", "calls")] == [
            "summary",
            "counter",
        ]


async def test_a_staleness_marker_ends_a_series_at_once_and_its_next_sample_begins_it_again() -> None:
    async with running() as server:
        await post(server, "/api/v1/write", body(("up", 1, now_ms() - 10)), headers=REMOTE)
        assert (await post(server, "/api/v1/write", body(("up", ENDED, now_ms())), headers=REMOTE)).code == 204
        (row,) = answer(await fetch(server, "/api/v1/series"))["series"]
        assert (row["freshness"], row["ended"] is None, row["last"]["value"]) == ("dead", False, 1)
        await post(server, "/api/v1/write", body(("up", 2, now_ms() + 1_000)), headers=REMOTE)
        (row,) = answer(await fetch(server, "/api/v1/series"))["series"]
        assert (row["freshness"], row["last"]["value"]) == ("live", 2)


async def test_bad_samples_of_a_remote_write_get_400_and_the_good_ones_are_kept_and_nan_is_no_fault() -> None:
    async with running() as server:
        sent = body(("good", 1, now_ms()), ("bad", 1, now_ms() + 10_000_000))
        response = await post(server, "/api/v1/write", sent, headers=REMOTE)
        assert response.code == 400
        assert "series 1: timestamp: " in answer(response)["error"]
        assert series_in(server) == {'good{job="a"}': 1}
        nan = body(("good", 2, now_ms()), ("none", float("nan"), now_ms()))
        assert (await post(server, "/api/v1/write", nan, headers=REMOTE)).code == 204
        assert server.counters.samples_refused == {"invalid": 1, "not_finite": 1}
        assert (await post(server, "/api/v1/write", b"no snappy", headers=REMOTE)).code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v3.Request"},
        {"X-Prometheus-Remote-Write-Version": "3.0.0"},
        {"Content-Encoding": "br"},
    ],
)
async def test_what_is_of_neither_version_gets_415(headers: dict[str, str]) -> None:
    async with running() as server:
        response = await post(server, "/api/v1/write", body(("a", 1, now_ms())), headers=REMOTE | headers)
        assert response.code == 415


@pytest.mark.parametrize("declared", ["zstd", "gzip", "", "snappy"])
async def test_remote_write_in_the_encodings_of_vmagent_and_vector(declared: str) -> None:
    plain = encode([({"__name__": "a"}, [(1, now_ms())])], [])
    packed = {"zstd": cramjam.zstd.compress, "gzip": gzip.compress, "": cramjam.snappy.compress_raw}
    sent = bytes(packed.get(declared, cramjam.zstd.compress)(plain))  # vmagent's queue: zstd that is called snappy
    headers = {name: value for name, value in REMOTE.items() if name != "Content-Encoding"}
    async with running() as server:
        headers |= {"Content-Encoding": declared} if declared else {}
        response = await post(server, "/api/v1/prom/write?db=any", sent, headers=headers)
        assert (response.code, series_in(server)) == (204, {"a": 1})


REMOTE_2 = REMOTE | {
    "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "X-Prometheus-Remote-Write-Version": "2.0.0",
}


def written(response: Any) -> list[str]:
    names = ("Samples", "Histograms", "Exemplars")
    return [response.headers[f"X-Prometheus-Remote-Write-{name}-Written"] for name in names]


async def test_remote_write_2_is_kept_and_says_how_much_was() -> None:
    async with running() as server:
        request = Request2()
        add_series2(request, {"__name__": "up", "job": "a"}, (1, now_ms() - 5), (2, now_ms()), kind=2)
        add_series2(request, {"__name__": "took_seconds", "job": "a"}, (1.5, now_ms()), kind=1, unit="seconds")
        histogram = add_series2(request, {"__name__": "h"}).histograms.add(timestamp=now_ms(), count_int=4, sum=2)
        histogram.zero_count_int = 4
        response = await post(server, "/api/v1/write", snappy(request.SerializeToString()), headers=REMOTE_2)
        assert (response.code, written(response)) == (204, ["3", "1", "0"])
        assert series_in(server)['up{job="a"}'] == 2
        assert series_in(server)["h_p99"] == 0
        kept = series(server, 'took_seconds{job="a"}')
        assert (kept.kind, kept.unit) == ("counter", "seconds")
        add_series2(request, {"__name__": "bad"}, (1, 5))
        add_series2(request, {"__name__": "long", "a": "x" * 5_000}, (1, now_ms()))
        response = await post(server, "/api/v1/write", snappy(request.SerializeToString()), headers=REMOTE_2)
        assert (response.code, written(response)) == (400, ["3", "1", "0"])
        assert "series 3: timestamp: " in answer(response)["error"]
        response = await post(server, "/api/v1/write", b"no snappy", headers=REMOTE_2)
        assert (response.code, written(response)) == (400, ["0", "0", "0"])


async def test_the_version_is_that_of_the_content_type() -> None:
    async with running() as server:
        first, second = body(("a", 1, now_ms())), Request2()
        add_series2(second, {"__name__": "b"}, (1, now_ms()))
        of_first = REMOTE_2 | {"Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest"}
        assert (await post(server, "/api/v1/write", first, headers=of_first)).code == 204
        assert (await post(server, "/api/v1/write", first, headers=REMOTE_2)).code == 400
        sent = snappy(second.SerializeToString())
        assert (await post(server, "/api/v1/write", sent, headers=REMOTE)).code == 400
        # Prometheus ignores this header, so a sender of both versions may state either
        for version, of_either in (("2.0.0", first), ("", first), ("2.0.0", sent)):
            headers = REMOTE | {"X-Prometheus-Remote-Write-Version": version}
            assert (await post(server, "/api/v1/write", of_either, headers=headers)).code == 204
        assert series_in(server) == {'a{job="a"}': 1, "b": 1}


async def test_a_remote_write_that_is_sent_again_changes_nothing() -> None:
    async with running() as server:
        old, new = body(("a", 1, now_ms() - 1_000)), body(("a", 2, now_ms()))
        for sent in (old, new, old, new, new):
            assert (await post(server, "/api/v1/write", sent, headers=REMOTE)).code == 204
        assert series(server, 'a{job="a"}').values.tolist() == [1, 2]


async def test_remote_write_wants_a_token_and_says_later_with_503(tmp_path: Path) -> None:
    async with guarded(tmp_path, per_s=1) as (server, token):
        sent = body(*((f"s{n}", n, now_ms()) for n in range(10)))
        for headers in ({}, bearer("wrong")):
            response = await post(server, "/api/v1/write", sent, headers=REMOTE | headers)
            assert response.code == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert (await post(server, "/api/v1/write", sent, headers=REMOTE | basic(token))).code == 204
        response = await post(server, "/api/v1/write", sent, headers=REMOTE | basic(token))
        assert (response.code, int(response.headers["Retry-After"]) in (8, 9, 10)) == (503, True)
        assert len(series_in(server)) == 10


TEXT = '# TYPE jobs counter\njobs_total 3\n# TYPE last gauge\nlast{a="b"} 1.5\n'


def pushed_in(server: Dashboard) -> dict[str, float]:
    """Return the series in the bodies of pushes, without the times of the pushes."""
    return {text: value for text, value in series_in(server).items() if not text.startswith("push_")}


async def test_a_group_says_when_it_was_pushed_and_when_that_failed() -> None:
    async with running() as server:
        before = time.time()
        await post(server, "/metrics/job/a/host/b", "one 1\n")
        group = '{host="b",job="a"}'
        first = series_in(server)
        assert before - 1 < first[f"push_time_seconds{group}"] < time.time() + 1
        assert first[f"push_failure_time_seconds{group}"] == 0
        assert (await post(server, "/metrics/job/a/host/b", "two 2\nbroken\n")).code == 400
        then = series_in(server)
        assert then[f"push_failure_time_seconds{group}"] >= then[f"push_time_seconds{group}"]
        listed = await fetch(server, "/api/v1/metrics")
        (row,) = answer(listed)["data"]
        assert (row["labels"], row["last_push_successful"]) == ({"host": "b", "job": "a"}, False)
        assert row["two"]["metrics"] == [{"labels": {"host": "b", "job": "a"}, "value": "2"}]
        await post(server, "/metrics/job/a/host/b", "two 3\n")
        assert answer(await fetch(server, "/api/v1/metrics"))["data"][0]["last_push_successful"] is True
        await post(server, "/metrics/job/b", "one 1\n")
        await post(server, "/metrics/job/a/host/b", None, method="DELETE")
        assert [row["labels"] for row in answer(await fetch(server, "/api/v1/metrics"))["data"]] == [{"job": "b"}]
        await post(server, "/metrics/job/b", None, method="DELETE")
        assert answer(await fetch(server, "/api/v1/metrics"))["data"] == []
        rows = answer(await fetch(server, "/api/v1/series"))["series"]
        assert {row["freshness"] for row in rows} == {"dead"}


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/-/healthy", 200, b"OK"),
        ("GET", "/-/ready", 200, b"OK"),
        ("GET", "/api/v1/status", 200, b'"status":"success"'),
        ("GET", "/api/v1/metrics", 200, b'{"status":"success","data":[]}'),
        ("PUT", "/api/v1/admin/wipe", 403, b"forbidden"),  # nobody is an administrator here
    ],
)
async def test_what_a_pushgateway_is_asked_besides(method: str, path: str, status: int, body: bytes) -> None:
    async with running() as server:
        response = await fetch(server, path, method=method, body=None)
        assert (response.code, body in response.body) == (status, True)


async def test_a_push_feeds_its_group() -> None:
    async with running() as server:
        response = await post(server, "/metrics/job/nightly/instance/web%2F1", TEXT, method="PUT")
        assert (response.code, response.body) == (200, b"")
        assert pushed_in(server) == {
            'jobs_total{instance="web/1",job="nightly"}': 3,
            'last{a="b",instance="web/1",job="nightly"}': 1.5,
        }
        assert (await post(server, "/metrics/job@base64/bmlnaHRseQ==", "a 1\n")).code == 200
        assert series_in(server)['a{job="nightly"}'] == 1
        assert series(server, 'a{job="nightly"}').kind == ""


async def test_a_push_may_be_protobuf_packed_or_openmetrics_and_its_grouping_values_empty() -> None:
    async with running() as server:
        family = MetricFamily(name="size", type=1)
        family.metric.add().gauge.value = 7
        data = family.SerializeToString()
        protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        sent = bytes([len(data)]) + data
        assert (await post(server, "/metrics/job/go/instance/", sent, headers={"Content-Type": protobuf})).code == 200
        packed = {"Content-Encoding": "snappy"}
        text = bytes(cramjam.snappy.compress(b"a 1\n"))
        assert (await post(server, "/metrics/job/go/x@base64/=/y@base64/w6k", text, headers=packed)).code == 200
        openmetrics = {"Content-Type": "application/openmetrics-text; version=1.0.0"}
        assert (await post(server, "/metrics/job/go/", "b 1\n# EOF\n", headers=openmetrics)).code == 200
        assert pushed_in(server) == {'size{job="go"}': 7, 'a{job="go",y="é"}': 1, 'b{job="go"}': 1}


async def test_put_replaces_the_group_post_adds_to_it_and_delete_ends_it() -> None:
    async with running() as server:

        async def states() -> dict[str, str]:
            rows = answer(await fetch(server, "/api/v1/series"))["series"]
            return {row["name"]: row["freshness"] for row in rows if not row["name"].startswith("push_")}

        await post(server, "/metrics/job/a", "one 1\ntwo 2\n", method="PUT")
        await post(server, "/metrics/job/a/x/y", "other 1\n", method="PUT")
        await post(server, "/metrics/job/a", "three 3\n", method="POST")
        assert await states() == dict.fromkeys(("one", "two", "three", "other"), "live")
        await post(server, "/metrics/job/a", "two 2\n", method="PUT")
        assert await states() == {"one": "dead", "two": "live", "three": "dead", "other": "live"}
        response = await post(server, "/metrics/job/a", None, method="DELETE")
        assert response.code == 202
        assert await states() == {"one": "dead", "two": "dead", "three": "dead", "other": "live"}


async def test_a_push_that_is_none_gets_400() -> None:
    async with running() as server:
        for path, text in (
            ("/metrics/job/a", "{"),
            ("/metrics/job/a/b", "a 1\n"),
            ("/metrics/job/a/path@base64/***", "a 1\n"),
            ("/metrics/job/%FF", "a{ 1\n"),
            ("/metrics/job/a", "a 1 99999999999999\n"),
        ):
            assert (await post(server, path, text)).code == 400
        response = await post(
            server, "/metrics/job/a", b"x", headers={"Content-Type": "application/vnd.google.protobuf"}
        )
        assert response.code == 400
        assert (await post(server, "/metrics/job/a", "a NaN\nb 1\n")).code == 200
        assert (await fetch(server, "/metrics/nothing")).code == 404


async def test_a_push_wants_a_token(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for headers in ({}, basic("wrong")):
            for method in ("PUT", "POST", "DELETE"):
                assert (await post(server, "/metrics/job/a", "a 1\n", method=method, headers=headers)).code == 401
        assert (await post(server, "/metrics/job/a", "a 1\n", headers=basic(token))).code == 200
        for path in ("/metrics/job/a", "/api/v1/write"):
            for method in ("GET", "HEAD"):
                assert (await fetch(server, path, method=method)).code == 200


async def test_a_group_holds_only_what_was_accepted(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("own_",)) as (server, token):
        accounts = server.accounts.accounts
        _, everything = await accounts.create_token("test", "", name="all", verbs=("read", "write"))
        await post(
            server,
            "/api/v1/samples",
            '[{"series":"theirs","labels":{"job":"a"},"value":1}]',
            headers=bearer(everything),
        )
        pushed = await post(server, "/metrics/job/a", "own_b 1\ntheirs 2\n", method="PUT", headers=basic(token))
        assert pushed.code == 400
        assert (await post(server, "/metrics/job/a", None, method="DELETE", headers=basic(everything))).code == 202
        rows = answer(await fetch(server, f"/api/v1/series?token={everything}"))
        assert {row["name"]: row["freshness"] for row in rows["series"]} == {"own_b": "dead", "theirs": "live"}
