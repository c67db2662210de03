"""Further forms of foreign APIs that clients use besides the plain POST, and the reports of what was refused."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.app.build import Dashboard
from dashboard.ingest import batch
from dashboard.web.feed import feeding
from tests.handlers.feeders import applied, bearer, document, guarded, post, series_in
from tests.handlers.support import answer, fetch
from tests.support.client_frames import frame
from tests.support.deadline import deadline, in_time
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/write/?db=a", "a v=1", 204),
        ("POST", "//write?db=a", "a v=1", 204),
        ("POST", "///metrics/job/x", "a 1\n", 200),
        ("GET", "//ping/key/nightly", None, 200),
        ("POST", "/api/v2/write/?org=o&bucket=b", "a v=1", 204),
        ("POST", "/api/v1/telegraf/", {"name": "a", "fields": {"v": 1}}, 200),
        ("POST", "/api/v1/alertmanager/", {"version": "1", "alerts": []}, 200),
        ("POST", "/api/v1/alerts", [{"labels": {"alertname": "x"}}], 200),
        ("POST", "/api/v2/alerts/", [], 200),
        ("POST", "/api/annotations/", {"text": "x"}, 200),
        ("GET", "/api/push/shop/?status=up", None, 200),
        ("GET", "/ping/key/nightly/", None, 200),
        ("POST", "/ping/key/nightly/start?rid=8f7a1c1e-0000-4000-8000-000000000000", "", 200),
        ("GET", "/api/health", None, 200),
        ("GET", "/api/health/", None, 200),
        ("HEAD", "/ping/", None, 204),
        ("POST", "/api/put/?sync", [{"metric": "a", "timestamp": 1_700_000_000, "value": 1, "tags": {"h": "x"}}], 204),
        (
            "POST",
            "/api/put",
            {"metric": "a", "timestamp": "1700000000", "value": "1", "tags": {"port": 80, "up": True}},
            204,
        ),
        ("PUT", "/api/v1/alertmanager", {"version": "1", "alerts": []}, 200),
        ("GET", "/ping?verbose=true", None, 200),
        ("GET", "/api/v1/otlp/v1/metrics", None, 200),
        ("GET", "/healthz/", None, 200),
        ("POST", "/no/such/thing/", "x", 404),
        ("GET", "/api/live/push/lab", None, 200),
    ],
)
async def test_forms_are_served(method: str, path: str, body: Any, status: int) -> None:
    async with running() as server:
        response = await post(server, path, body, method=method)
        assert response.code == status, response.body


_PACKED: list[tuple[str, str | dict[str, Any] | list[Any]]] = [
    ("/write", "odd_m v=1\nodd_n v=2"),
    ("/api/v2/write", "odd_m v=1\nodd_n v=2"),
    ("/api/v1/samples", [{"series": "odd_m_v", "value": 1}, {"series": "odd_n_v", "value": 2}]),
    ("/api/v1/telegraf", {"metrics": [{"name": each, "fields": {"v": 1}} for each in ("odd_m", "odd_n")]}),
    ("/metrics/job/j", "odd_m_v 1\nodd_n_v 2\n"),
    ("/api/put", [{"metric": each, "value": 1, "tags": {"a": "b"}} for each in ("odd_m_v", "odd_n_v")]),
    (
        "/v1/metrics",
        {
            "resourceMetrics": [
                {"scopeMetrics": [{"metrics": [{"name": each, "gauge": {"dataPoints": [{"asDouble": 1}]}}]}]}
                for each in ("odd_m_v", "odd_n_v")
            ]
        },
    ),
]


@pytest.mark.parametrize(("path", "body"), _PACKED)
@pytest.mark.parametrize("pack", [gzip.compress, lambda text: text.decode().encode("utf-16")], ids=["gzip", "utf-16"])
async def test_gzip_and_utf16_without_a_header_are_read(path: str, body: Any, pack: Callable[[bytes], bytes]) -> None:
    async with running() as server:
        text = body if isinstance(body, str) else json.dumps(body)
        response = await post(server, path, pack(text.encode()), headers={"Content-Type": "application/json"})
        assert response.code in (200, 202, 204), response.body
        assert {name.partition("{")[0] for name in series_in(server)} >= {"odd_m_v", "odd_n_v"}


async def test_gzip_without_a_header_stays_within_the_limit() -> None:
    async with running() as server:
        response = await post(server, "/events/", gzip.compress(bytes(5_000_000)))
        assert response.code == 413, response.body


@pytest.mark.parametrize(
    ("path", "body", "kept"),
    [
        ("/api/v1/telegraf", '{"metrics":[{"name":"m","fields":{"a":nan,"b":2}}]}', {"m_b": 2}),
        ("/api/v1/collectd", '[{"values":[-nan],"dstypes":["gauge"],"dsnames":["value"],"plugin":"a","type":"b"}]', {}),
        ("/api/put", '[{"metric":"m","value":inf,"tags":{}},{"metric":"n","value":2,"tags":{}}]', {"n": 2}),
        (
            "/v1/metrics",
            '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asDouble":NaN}]}},'
            '{"name":"n","gauge":{"dataPoints":[{"asDouble":2}]}},'
            '{"name":"o","gauge":{"dataPoints":[{"asDouble":null}]}}]}]}]}',
            {"n": 2},
        ),
    ],
)
async def test_numbers_that_json_does_not_have_spoil_only_themselves(
    path: str, body: str, kept: dict[str, float]
) -> None:
    async with running() as server:
        response = await post(server, path, body, headers={"Content-Type": "application/json"})
        assert b"not JSON" not in response.body
        assert b"partialSuccess" not in response.body
        assert series_in(server) == kept


async def test_a_byte_order_mark_before_a_document_is_ignored() -> None:
    async with running() as server:
        response = await post(server, "/api/v1/documents/note", b'\xef\xbb\xbf{"text":"x"}', method="PUT")
        assert response.code == 202, response.body


async def test_a_slug_names_the_check() -> None:
    async with running() as server:
        for action in ("", "/start", "/0", "/fail"):
            assert (
                await post(server, f"/ping/key/nightly-backup{action}", "", method="GET" if not action else "POST")
            ).code == 200
        assert series_in(server) == {"nightly-backup_up": 0, "nightly-backup_exit_code": 0}


async def test_influxdb_1_says_its_errors_in_plain_json_and_a_header() -> None:
    async with running() as server:
        response = await post(server, "/write?db=x", "bad")
        assert (response.code, response.headers["Content-Type"]) == (400, "application/json")
        assert response.headers["X-Influxdb-Error"] == answer(response)["error"]
        found = await post(server, "/query", "q=SHOW+DATABASES&db=glances")
        assert found.headers["Content-Type"] == "application/json"
        assert answer(found)["results"][0]["series"][0]["values"] == [["x"], ["glances"]]


async def test_influxdb_3_takes_times_by_their_size_and_tells_each_bad_line() -> None:
    async with running() as server:
        now = int(time.time())
        lines = "\n".join(f"a,n={n} v=1 {now * scale}" for n, scale in enumerate((1, 10**3, 10**6, 10**9)))
        assert (await post(server, "/api/v3/write_lp?db=x", lines)).code == 204
        assert {s.times[-1] for replica in server.replicas.followed().values() for s in replica.table} == {now * 1000}
        assert (await post(server, "/api/v3/write_lp?db=x&precision=second", f"b v=1 {now}")).code == 204
        response = await post(server, "/api/v3/write_lp?db=x&precision=millisecond", f"c v=1 {now * 1000}\nbad\nd v=2")
        assert (response.code, answer(response)["error"]) == (400, "partial write of line protocol occurred")
        assert answer(response)["data"] == [
            {"original_line": "bad", "line_number": 2, "error_message": "line 2: has no fields after 'bad'"}
        ]
        assert {"c_v", "d_v"} <= series_in(server).keys()
        assert (await post(server, "/api/v3/write_lp?precision=hour", "a v=1")).code == 400
        before = series_in(server)
        response = await post(server, "/api/v3/write_lp?db=x&accept_partial=false", "e v=1\nf v=x")
        assert (response.code, answer(response)["error"]) == (
            400,
            "v: line 2: 'x' is neither a number nor a boolean; write text in quotes; nothing was stored, because of accept_partial=false",
        )
        response = await post(server, "/api/v3/write_lp?db=x&accept_partial=false", "e v=1\n" * 200_000)
        assert (response.code, series_in(server)) == (413, before)
        assert (await post(server, "/api/v3/write_lp?db=x&accept_partial=false", "e v=1")).code == 204


async def test_annotations_are_found_by_time_and_tags(tmp_path: Path) -> None:
    async with guarded(tmp_path, verbs=("write", "read")) as (server, token):
        now, headers = int(time.time() * 1000), bearer(token)
        for text, begun, ended, tags in (("old", 90, 80, ["a"]), ("long", 60, 5, ["a", "b"]), ("new", 1, 1, ["b"])):
            sent = {"time": str(now - begun * 1000), "timeEnd": now - ended * 1000, "tags": tags, "text": text}
            assert (await post(server, "/api/annotations", sent, headers=headers)).code == 200
        assert (await post(server, "/api/v1/alertmanager", {"alerts": []}, headers=headers)).code == 200

        async def found(query: str) -> list[str]:
            response = await fetch(server, f"/api/annotations?{query}", headers=headers)
            assert response.code == 200
            return [each["text"] for each in answer(response)]

        assert await found("") == ["new", "long", "old"]
        assert await found("limit=1") == ["new"]
        assert await found("tags=a&tags=b") == ["long"]
        assert await found("tags=a&tags=b&matchAny=true&type=annotation") == ["new", "long", "old"]
        assert await found(f"from={now - 30_000}&to={now - 2_000}&dashboardUID=x") == ["long"]
        tags = answer(await fetch(server, "/api/annotations/tags", headers=headers))
        assert tags == {"result": {"tags": [{"tag": "a", "count": 2}, {"tag": "b", "count": 2}]}}
        assert (await fetch(server, "/api/annotations?from=now-1h", headers=headers)).code == 400
        assert (await fetch(server, "/api/annotations")).code == 401


async def test_an_annotation_is_changed_read_and_removed_by_its_number(tmp_path: Path) -> None:
    async with guarded(tmp_path, verbs=("write", "read")) as (server, token):
        now, headers = int(time.time() * 1000), bearer(token)
        number = answer(
            await post(server, "/api/annotations", {"time": now, "tags": ["CI"], "text": "Deploy"}, headers=headers)
        )["id"]
        other = answer(await post(server, "/api/annotations", {"text": "Other"}, headers=headers))["id"]
        assert number != other
        address = f"/api/annotations/{number}"
        assert (await post(server, address, {"timeEnd": now + 60_000}, method="PATCH")).code == 401
        patched = await post(
            server, address, {"timeEnd": now + 60_000, "text": "Done\nwell"}, method="PATCH", headers=headers
        )
        assert (patched.code, answer(patched)) == (200, {"message": "Annotation patched"})
        item = next(item for item in document(server, "events")["items"] if item.get("tags") == ["CI"])
        assert (item["label"], item["value"], item["ended"], item["t"]) == ("Done", "well", now + 60_000, now)
        found = answer(await fetch(server, address, headers=headers))
        assert found == {"id": number, "time": now, "timeEnd": now + 60_000, "tags": ["CI"], "text": "Done\nwell"}
        put = await post(server, address, {"text": "New", "time": now, "tags": ["a"]}, method="PUT", headers=headers)
        assert (put.code, answer(put)) == (200, {"message": "Annotation updated"})
        assert answer(await fetch(server, address, headers=headers))["timeEnd"] == now
        assert (await post(server, address, None, method="DELETE", headers=headers)).code == 200
        assert [item["label"] for item in document(server, "events")["items"]] == ["Other"]
        gone = await post(server, address, {"text": "x"}, method="PATCH", headers=headers)
        assert (gone.code, answer(gone)) == (404, {"message": "Annotation not found"})


async def test_opentsdb_tells_how_many_points_it_took() -> None:
    async with running() as server:
        good = {"metric": "a.b", "timestamp": int(time.time()), "value": "1.5", "tags": {"h": "x"}}
        assert (await post(server, "/api/put", good)).code == 204
        response = await post(server, "/api/put?details", [good, good | {"value": "x"}])
        assert response.code == 400
        told = answer(response)
        assert (told["success"], told["failed"]) == (1, 1)
        assert told["errors"][0]["error"] == "value: 'x' is not a number"
        assert answer(await post(server, "/api/put?summary", good)) == {"success": 1, "failed": 0}
        assert (
            "value: 'x' is not a number"
            in answer(await post(server, "/api/put", good | {"value": "x"}))["error"]["message"]
        )
        assert series_in(server) == {'a.b{h="x"}': 1.5}


async def upgraded(server: Dashboard, path: str, *lines: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    key = base64.b64encode(os.urandom(16)).decode()
    head = [
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    ]
    writer.write("\r\n".join([f"GET {path} HTTP/1.1", *head, *lines, "", ""]).encode())
    status = int((await in_time(reader.readuntil(b"\r\n\r\n"), 5)).split()[1])
    return reader, writer, status


async def until(condition: Any) -> None:
    async with deadline(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_grafana_live_takes_lines_by_websocket(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        reader, writer, status = await upgraded(server, "/api/live/push/lab")
        assert status == 401
        writer.close()
        reader, writer, status = await upgraded(server, "/api/live/push/lab", f"Authorization: Bearer {token}")
        assert status == 101
        for opcode, line in ((2, b"sensor,room=lab value=3.5\n"), (1, b"bad"), (1, b"sensor,room=hall value=4i")):
            writer.write(frame(opcode, line))
        await until(lambda: len(series_in(server)) == 2)
        assert series_in(server) == {'sensor_value{room="lab"}': 3.5, 'sensor_value{room="hall"}': 4}
        (feeder,) = [each for each in server.stats.feeders() if each.kind == "token"]
        assert (feeder.accepted, feeder.refused, feeder.refusals[0].snippet) == (2, 1, "bad")
        writer.write(frame(9) + frame(8, b"\x03\xe8"))
        assert (await in_time(reader.read(), 5))[:2] == b"\x8a\x00"
        writer.close()


async def test_whatever_is_refused_is_in_the_tap_with_its_sender(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with guarded(tmp_path, per_s=1, prefixes=("cpu",), settings={"max_lines_bytes": 1_000}) as (server, token):
        caplog.set_level("INFO")
        for path, body, headers in (
            ("/write", "cpu v=1", {}), ("/write", "cpu v=1", bearer("dsh_wrong")), ("/write", "mem v=1", bearer(token)),
            ("/write", "cpu v=1\n" * 100, bearer(token)), ("/write", "cpu v=2" + " " * 2_000, bearer(token)),
            ("/write", b"x", {**bearer(token), "Content-Encoding": "br"}), ("/write", "cpu v=3", {"Host": "evil.example"}),
            ("/api/push/nobody", None, {}), ("/api/annotations/7", {"text": "x"}, {}),
        ):  # fmt: skip
            method = "GET" if body is None else "PATCH" if path.startswith("/api/ann") else "POST"
            assert (await post(server, path, body, headers=headers, method=method)).code >= 400
        told = {
            (feeder.kind, feeder.name): [(r.reason[:4], r.snippet[:9]) for r in feeder.refusals]
            for feeder in server.stats.feeders()
        }
        assert told == {
            ("anonymous", "127.0.0.1"): [
                ("401:", '{"text": '), ("401:", ""), ("421:", "/write"), ("401:", "cpu v=1"), ("401:", "cpu v=1"),
            ],
            ("token", "feeder"): [("415:", "x"), ("413:", "cpu v=2  "), ("the ", "cpu_v"), ("seri", "mem_v")],
        }  # fmt: skip
        (feeder,) = [each for each in server.stats.feeders() if each.kind == "token"]
        assert feeder.refused == 1 + 100 + 1 + 1
        logged = [record.getMessage() for record in caplog.records if "refused:" in record.getMessage()]
        assert len(logged) == 2  # the first of each; then once a minute


async def test_data_at_a_wrong_address_or_by_a_wrong_method_is_in_the_tap_with_the_cure() -> None:
    async with running() as server:
        for method, path, status in (
            ("POST", "/api/v1/push", 404), ("POST", "/base//write", 404), ("PUT", "/write", 405), ("GET", "/api/v1/push", 404)
        ):  # fmt: skip
            assert (await post(server, path, None if method == "GET" else "x", method=method)).code == status
        told = [(refusal.reason, refusal.snippet) for feeder in server.stats.feeders() for refusal in feeder.refusals]
        assert sorted(told) == [
            ("404: there is nothing at this address; leave out what the path has before the known address", "/base//write"),
            ("404: there is nothing at this address; remote write goes to /api/v1/write", "/api/v1/push"),
            ("405: PUT is not taken here; send GET or HEAD or POST", "x"),
        ]  # fmt: skip


async def test_a_long_body_is_taken_in_slices_and_its_refusals_are_at_their_places() -> None:
    async with running() as server:
        lines = [f"m,n={n % 100} a={n}i,b={n}.5" for n in range(70_000)]
        lines[60_000] = "bad"
        body = "\n".join(lines)
        assert len(body) > 1_500_000
        response = await post(server, "/write", body)
        assert (response.code, answer(response)["error"]) == (
            400,
            "partial write: line 60001: has no fields after 'bad' dropped=1",
        )
        assert series_in(server)['m_a{n="99"}'] == 69_999
        samples = [{"series": "x", "labels": {"n": str(n % 10)}, "value": n} for n in range(40_000)]
        samples[35_000]["series"] = "no good"
        response = await post(server, "/api/v1/samples", json.dumps(samples))
        assert (response.code, answer(response)["accepted"]) == (400, 39_999)
        assert [refused["index"] for refused in answer(response)["refused"]] == [35_000]
        await applied(server)


async def test_the_rest_of_a_body_with_very_many_refusals_is_refused_unread_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "MAX_REFUSALS", 1_000)
    monkeypatch.setattr(feeding, "MAX_REFUSALS", 1_000)
    async with running() as server:
        bodies = {
            "/write": b"good v=1\n" + b"m v=x\n# some text in a comment\n\n" * 100_000 + b"m v=1\n" * 100,
            "/api/v1/samples": b"[" + b",".join([b'{"series":"?","value":1}'] * 50_000) + b"]",
            "/metrics/job/j": b"good 1\n" + b"# TYPE m gauge\nm v=x\n\n" * 5_000,
            "/api/put?summary": b"[" + b",".join([b'{"metric":"m","value":"x"}'] * 50_000) + b"]",
            "/api/v1/telegraf": b"[" + b",".join([b'{"name":"m"}'] * 5_000) + b"]",
            "/api/v1/collectd": b"[" + b",".join([b'{"plugin":"m"}'] * 5_000) + b"]",
        }
        said = [(await post(server, path, body)).body.decode() for path, body in bodies.items()]
        assert "dropped=100100" in said[0]
        assert '"error":"50000 of 50000 samples refused;' in said[1]
        assert "5000 samples refused;" in said[2]
        assert said[3] == '{"success":0,"failed":50000}'
        assert said[4].count('"index"') == 1_000
        assert "5000 values refused;" in said[5]
        (feeder,) = server.stats.feeders()
        assert (feeder.accepted, feeder.refused) == (2, 100_100 + 50_000 + 5_000 + 50_000 + 5_000 + 5_000)
        assert "were not read, because" in feeder.refusals[-1].reason
        assert server.counters.samples_refused.total() == feeder.refused
        assert server.counters.samples_refused["unread"] > 200_000
