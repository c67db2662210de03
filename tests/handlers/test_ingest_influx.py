"""InfluxDB 1 and 2 and Grafana Live as their clients see them: ../shared/wire-formats.md, "First"."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from dashboard.journal.sqlite_file import JournalFile
from tests.handlers.feeders import basic, bearer, document, fed, guarded, post, series_in
from tests.handlers.support import answer, fetch
from tests.support.deadline import within
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

LINES = 'cpu,host=a usage=1.5,idle=98i,up=t\nnote,host=a text="all well"\n'
KEPT = {'cpu_usage{host="a"}': 1.5, 'cpu_idle{host="a"}': 98, 'cpu_up{host="a"}': 1}


async def test_write_answers_204_and_keeps_numbers_and_texts() -> None:
    async with running() as server:
        response = await post(server, "/write?db=any", LINES)
        assert (response.code, response.body) == (204, b"")
        assert response.headers["X-Influxdb-Version"] == "1.8.10"
        assert series_in(server) == KEPT
        assert document(server, "note_text/host:a") == {"text": "all well"}
        assert fed(server) == {("local", "influx", "accepted"): 4}


@pytest.mark.parametrize(
    ("precision", "times"),
    [("", 1e9), ("n", 1e9), ("ns", 1e9), ("u", 1e6), ("ms", 1e3), ("s", 1), ("m", 1 / 60), ("h", 1 / 3600)],
)
async def test_every_precision_of_version_1(precision: str, times: float) -> None:
    async with running() as server:
        stated = int(time.time() * times)
        assert (await post(server, f"/write?precision={precision}", f"a v=1 {stated}")).code == 204
        (row,) = answer(await fetch(server, "/api/v1/series"))["series"]
        assert row["last"]["t"] == int(stated / times * 1000 + 1e-6)


async def test_a_partial_write_keeps_the_good_lines() -> None:
    async with running() as server:
        response = await post(server, "/write", "good v=1\nbad\ngood v=2\nworse v=\n")
        assert response.code == 400
        assert list(answer(response)) == ["error"]
        assert answer(response)["error"].startswith("partial write: line 2: ")
        assert answer(response)["error"].endswith(" dropped=2")
        assert series_in(server) == {"good_v": 2}
        assert (await post(server, "/write?precision=x", "a v=1")).code == 400


async def test_what_of_write_is_too_large_gets_413(tmp_path: Path) -> None:
    async with running(max_lines_bytes=100) as server:
        for path, body in (
            ("/write", {"error": "http: request body too large"}),
            ("/api/v2/write", {"code": "request too large", "message": "the body is too large"}),
        ):
            response = await fetch(server, path, method="POST", body="a v=1\n" * 20)
            assert (response.code, answer(response)) == (413, body)


@pytest.mark.parametrize("where", ["token", "bearer", "basic", "u and p", "query", "auth_token"])
async def test_a_token_may_stand_where_the_clients_put_it(where: str, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        query = {
            "u and p": f"?u=telegraf&p={token}",
            "query": f"?token={token}",
            "auth_token": f"?auth_token={token}",
        }.get(where, "")
        headers = {
            "token": {"Authorization": f"Token {token}"},
            "bearer": bearer(token),
            "basic": basic(token),
        }.get(where, {})
        response = await post(server, f"/write{query}", "a v=1", headers=headers)
        assert response.code == 204, response.body
        assert series_in(server) == {"a_v": 1}
        assert fed(server) == {("feeder", "influx", "accepted"): 1}


@pytest.mark.parametrize("how", ["none", "wrong", "wrong password", "empty basic"])
async def test_version_1_refuses_in_its_own_words(how: str, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, _):
        headers = {
            "wrong": {"Authorization": "Token x"},
            "wrong password": {},
            "none": {},
            "empty basic": basic("", ""),
        }[how]
        query = "?u=a&p=b" if how == "wrong password" else ""
        for path in (f"/write{query}", f"/query{query or '?'}&q=CREATE+DATABASE+a"):
            response = await post(server, path, "a v=1", headers=headers)
            assert (response.code, answer(response)) == (401, {"error": "authorization failed"})
            assert response.headers["WWW-Authenticate"] == 'Basic realm="InfluxDB"'
        assert series_in(server) == {}


async def test_on_an_open_server_a_token_that_nobody_knows_is_none_and_the_tap_says_so() -> None:
    async with running() as server:
        assert (await post(server, "/write?u=root&p=root", "a v=1")).code == 204
        for nothing in (basic("", ""), {"Authorization": "Token "}, {"Authorization": "Bearer"}):
            assert (await post(server, "/write", "a v=1", headers=nothing)).code == 204
        assert (await post(server, "/write", "a v=1", headers=basic("root", "root"))).code == 204
        for headers in (
            basic("dsh_wrong"),
            bearer("root"),
            {"Authorization": "Token x"},
            {"Authorization": "Digest x"},
        ):
            for path in ("/write", "/api/v2/write", "/write?token=x"):
                assert (await post(server, path, "a v=1", headers=headers)).code == 204
            assert (await fetch(server, "/api/v1/series", headers=headers)).code == 200
        (feeder,) = server.stats.feeders()
        assert feeder.refused == 0
        assert [refused.reason[:26] for refused in feeder.refusals] == ["the token is not known; it"]


async def test_a_token_that_may_only_read_is_refused(tmp_path: Path) -> None:
    async with guarded(tmp_path, verbs=("read",)) as (server, token):
        response = await post(server, "/write", "a v=1", headers=bearer(token))
        assert response.code == 403
        assert "lacks write" in answer(response)["error"]
        response = await post(server, "/api/v2/write", "a v=1", headers=bearer(token))
        assert (response.code, answer(response)["code"]) == (403, "forbidden")


async def test_more_than_the_token_may_send_gets_503_on_write_and_429_on_version_2(tmp_path: Path) -> None:
    async with guarded(tmp_path, per_s=2) as (server, token):
        assert (await post(server, "/write", "a v=1\n" * 20, headers=bearer(token))).code == 204
        one, two = [
            await post(server, path, "a v=1\n" * 4, headers=bearer(token)) for path in ("/write", "/api/v2/write")
        ]
        assert (one.code, int(one.headers["Retry-After"]) in (1, 2)) == (503, True)
        assert "2 samples a second" in answer(one)["error"]
        assert (two.code, int(two.headers["Retry-After"]) in (1, 2)) == (429, True)
        assert answer(two)["code"] == "too many requests"
        assert server.counters.samples_refused["rate_limited"] == 8
        assert fed(server) == {("feeder", "influx", "accepted"): 20, ("feeder", "influx", "refused"): 8}


async def test_ping_health_ready_and_query() -> None:
    async with running() as server:
        for method in ("GET", "HEAD"):
            ping = await fetch(server, "/ping", method=method)
            assert (ping.code, ping.headers["X-Influxdb-Version"], ping.body) == (204, "1.8.10", b"")
        assert answer(await fetch(server, "/health"))["status"] == "pass"
        assert (await fetch(server, "/ready")).code == 200
        made = {"results": [{"statement_id": 0}]}
        assert answer(await fetch(server, "/query?q=CREATE%20DATABASE%20%22telegraf%22")) == made
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        response = await post(server, "/query", "q=CREATE+DATABASE+telegraf", headers=form)
        assert (response.code, answer(response)) == (200, made)
        told = answer(await fetch(server, "/query?q=SELECT%201"))
        assert "answers no queries" in told["results"][0]["error"]
        assert (await fetch(server, "/query")).code == 400
        assert (await fetch(server, f"/query?q={'SHOW%20DATABASES;' * 21}")).code == 400
        assert (await post(server, "/query", "q=" + "SHOW+DATABASES%3B" * 5_000, headers=form)).code == 413


@pytest.mark.parametrize("path", ["/write", "/api/v2/write", "/api/live/push/telegraf"])
async def test_a_feeder_may_look_whether_somebody_is_there(path: str, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, _):
        for method in ("GET", "HEAD"):
            assert (await fetch(server, path, method=method)).code == 200


@pytest.mark.parametrize(("precision", "times"), [("", 1e9), ("ns", 1e9), ("us", 1e6), ("ms", 1e3), ("s", 1)])
async def test_version_2_takes_lines_of_its_precisions(precision: str, times: float, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        path = f"/api/v2/write?org=o&bucket=b&precision={precision}"
        stated = int(time.time() * times)
        response = await post(server, path, f"a v=1 {stated}", headers={"Authorization": f"Token {token}"})
        assert (response.code, response.body) == (204, b"")
        assert series_in(server) == {"a_v": 1}


async def test_version_2_refuses_in_its_own_words(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for headers in ({}, {"Authorization": "Token wrong"}):
            response = await post(server, "/api/v2/write", "a v=1", headers=headers)
            assert (response.code, answer(response)) == (
                401,
                {"code": "unauthorized", "message": "unauthorized access"},
            )
            assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        response = await post(server, "/api/v2/write?precision=h", "a v=1", headers=bearer(token))
        assert (response.code, answer(response)["code"]) == (400, "invalid")
        response = await post(server, "/api/v2/write", "good v=1\nbad", headers=bearer(token))
        assert (response.code, answer(response)["code"]) == (400, "invalid")
        assert answer(response)["message"].startswith("partial write: line 2: ")
        assert series_in(server) == {"good_v": 1}


async def test_version_2_says_which_method_it_has_not(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        response = await post(server, "/api/v2/write", "a v=1", method="PUT", headers=bearer(token))
        assert (response.code, answer(response)["code"]) == (405, "method not allowed")


async def test_grafana_live_answers_200_and_its_own_errors(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        path = "/api/live/push/telegraf"
        response = await post(server, path, f"a v=1 {time.time_ns()}", headers=bearer(token))
        assert (response.code, response.body) == (200, b"")
        refused = await post(server, path, "a v=1", headers=bearer("wrong"))
        assert (refused.code, answer(refused)) == (401, {"message": "Unauthorized"})
        bad = await post(server, path, "bad", headers=bearer(token))
        assert bad.code == 400
        assert answer(bad)["message"].startswith("partial write: line 1")


async def test_gzip_and_long_bodies_are_taken() -> None:
    async with running() as server:
        packed = gzip.compress(b"a v=1\n")
        assert (await post(server, "/write", packed, headers={"Content-Encoding": "gzip"})).code == 204
        long = "\n".join(f"b,n={n} v={n}" for n in range(9_000))
        assert len(long) > 131_072
        assert (await post(server, "/api/v2/write", long)).code == 204
        assert len(series_in(server)) == 9_001


async def test_chunks_are_taken() -> None:
    async with running() as server:

        async def produce(write: object) -> None:
            for part in (b"a v", b"=1\nb ", b"v=2"):
                await write(part)  # type: ignore[operator]

        response = await fetch(server, "/write", method="POST", body_producer=produce)
        assert response.code == 204
        assert series_in(server) == {"a_v": 1, "b_v": 2}


async def test_a_token_writes_what_begins_with_its_prefixes_and_the_rest_is_counted(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("cpu_", "note_")) as (server, token):
        response = await post(server, "/write", LINES + 'disk used=1\nother text="x"\n', headers=bearer(token))
        assert response.code == 400
        error, line = answer(response)["error"], LINES.count("\n") + 1
        assert error.startswith(f"partial write: line {line}: series: the token")
        assert error.endswith(
            "may write only names that begin with cpu_ or note_; rename this one, or make another token dropped=2"
        )
        assert series_in(server) == KEPT
        assert document(server, "other_text") is None
        assert server.counters.samples_refused == {"forbidden": 2}
        assert fed(server) == {("feeder", "influx", "accepted"): 4, ("feeder", "influx", "refused"): 2}


async def test_a_token_brings_so_many_series_into_being_and_not_one_more(tmp_path: Path) -> None:
    async with guarded(tmp_path, max_series=2) as (server, token):
        assert (await post(server, "/write", "a v=1\nb v=1\n", headers=bearer(token))).code == 204
        response = await post(server, "/write", "a v=2\nc v=1\nb v=2\n", headers=bearer(token))
        assert response.code == 400
        assert series_in(server) == {"a_v": 2, "b_v": 2}
        assert server.counters.samples_refused == {"token_series_limit": 1}
        assert server.counters.samples_accepted == 4


async def test_the_line_of_a_refused_series_is_named_behind_lines_of_many_fields(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("own_",)) as (server, token):
        lines = "own_a f=1,g=2,h=3\n# a comment\n\nown_b f=1,g=2\nother f=1,g=2\nown_c f=1\n"
        for body, line in (
            (lines, 5),
            ("\n\nown_a f=1,g=2\nown_b f=1\nother f=1,g=2\n", 5),
        ):  # the second without faults
            error = answer(await post(server, "/write", body, headers=bearer(token)))["error"]
            assert error.startswith(f"partial write: line {line}: series: ")
            assert error.endswith("dropped=1")


@pytest.mark.parametrize("path", ["/ping", "/health", "/ready"])
async def test_whether_there_is_a_server_is_answered_whatever_is_shown(path: str, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, _):
        for header in ("Token any", "Basic cm9vdDpyb290", "Bearer dsh_wrong", "x"):
            assert (await fetch(server, path, headers={"Authorization": header})).code in (200, 204)


async def test_a_body_that_says_it_is_endless_is_refused_at_once() -> None:
    async with running() as server:
        for path in ("/write", "/api/v2/write"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\na v=1".encode())
            said = await reader.read()
            assert said.startswith(b"HTTP/1.1 413 ")
            assert json.loads(said.partition(b"\r\n\r\n")[2])
            writer.close()


async def test_a_body_that_does_not_end_is_cut_off() -> None:
    async with running() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /write HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk, sent = b"10000\r\n" + b"x" * 65_536 + b"\r\n", 0
        try:
            while sent < 100 << 20:
                writer.write(chunk)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            pass
        assert 60 < sent >> 20 < 100
        writer.close()


async def test_texts_of_one_document_are_all_taken_or_all_refused_each_by_its_line(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("a",), settings={"max_documents": 1}) as (server, token):
        body = 'a,h=x s="1"\nb s="1"\na,h=x s="2"\na,h=y s="3"\nb s="2"\na v=1'
        response = await post(server, "/write", body, headers=bearer(token))
        said = json.loads(response.body)["error"]
        assert (response.code, "partial write: line 2: " in said, " dropped=3" in said) == (400, True, True)
        assert document(server, "a_s/h:x") == {"text": "2"}
        assert (server.counters.documents_accepted, server.counters.samples_accepted) == (2, 1)
        assert server.counters.samples_refused == {"forbidden": 2, "limit_reached": 1}
        assert fed(server) == {("feeder", "influx", "accepted"): 3, ("feeder", "influx", "refused"): 3}


async def test_more_texts_than_there_may_be_documents_are_refused_in_bounded_time(tmp_path: Path) -> None:
    async with running(max_documents=10, data=str(tmp_path)) as server:
        began = time.process_time()
        response = await post(server, "/write", "\n".join(f'a{n} s=""' for n in range(20_000)))
        assert (response.code, server.counters.samples_refused["limit_reached"]) == (400, 19_990)
        within(time.process_time() - began, 8, "the CPU time")


async def test_a_very_long_body_is_taken_in_pieces_and_each_sample_is_counted_and_stored_once(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("a",), max_series=100) as (server, token):
        lines = [f"{'b' if n in (9_000, 19_999) else 'a'},n={n % 50} v={n}" for n in range(20_000)]
        headers = bearer(token) | {"Idempotency-Key": "once"}
        for again in (1, 2):
            response = await post(server, "/write", "\n".join(lines), headers=headers)
            said = json.loads(response.body)["error"]
            assert said.startswith("partial write: line 9001: ")
            assert said.endswith(" dropped=2")
            assert fed(server)["feeder", "influx", "accepted"] == 19_998 * again
            assert sum(replica.samples for replica in server.replicas.followed().values()) == 19_998
        assert series_in(server)['a_v{n="48"}'] == 19_998


async def test_of_a_very_long_body_all_or_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with guarded(tmp_path, settings={"journal": "sqlite"}) as (server, token):
        write = JournalFile.append

        def fail(*args: Any) -> Any:
            raise sqlite3.OperationalError("disk full")

        monkeypatch.setattr(JournalFile, "append", fail)
        body = "\n".join(f"a v={n}" for n in range(20_000))
        response = await post(server, "/write", body, headers=bearer(token))
        assert response.code == 503
        assert fed(server) == {("feeder", "influx", "refused"): 20_000}
        monkeypatch.setattr(JournalFile, "append", write)
        assert (await post(server, "/write", body, headers=bearer(token))).code == 204
        assert sum(replica.samples for replica in server.replicas.followed().values()) == 20_000


async def test_a_client_of_version_2_finds_or_creates_its_bucket_before_it_writes(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        headers = bearer(token)
        (found,) = answer(await fetch(server, "/api/v2/orgs?org=home", headers=headers))["orgs"]
        assert found["name"] == "home"
        assert answer(await fetch(server, f"/api/v2/buckets?orgID={found['id']}", headers=headers))["buckets"] == []
        made = await post(server, "/api/v2/buckets", {"orgID": found["id"], "name": "iobroker"}, headers=headers)
        assert (made.code, answer(made)["orgID"]) == (201, found["id"])
        await post(server, "/api/v2/write?bucket=lab", "a v=1", headers=headers)
        listed = answer(await fetch(server, "/api/v2/buckets", headers=headers))["buckets"]
        assert [each["name"] for each in listed] == ["iobroker", "lab"]
        address = f"/api/v2/buckets/{answer(made)['id']}"
        assert answer(await fetch(server, address, headers=headers))["name"] == "iobroker"
        changed = await post(server, address, {"retentionRules": []}, method="PATCH", headers=headers)
        assert (changed.code, answer(changed)["retentionRules"][0]["everySeconds"]) == (200, 0)
        (named,) = answer(await fetch(server, "/api/v2/buckets?name=new&org=home", headers=headers))["buckets"]
        assert (named["name"], named["orgID"]) == ("new", found["id"])
        assert (await fetch(server, address, method="DELETE", headers=headers)).code == 204
        assert answer(await fetch(server, "/api/v2/setup")) == {"allowed": False}
        refused = await fetch(server, "/api/v2/buckets")
        assert (refused.code, answer(refused)["code"]) == (401, "unauthorized")
        assert (await post(server, "/api/v2/buckets", {"name": " "}, headers=headers)).code == 400


async def test_flux_lists_buckets_and_reads_no_values() -> None:
    async with running() as server:
        await post(server, "/api/v2/write?bucket=lab", "a v=1")
        asked = {"query": "buckets()", "type": "flux", "dialect": {"header": True}}
        response = await post(server, "/api/v2/query?org=home", asked, headers={"Content-Type": "application/json"})
        assert response.headers["Content-Type"].startswith("text/csv")
        assert b",,0,lab," in response.body
        response = await post(
            server, "/api/v2/query", 'from(bucket:"lab")', headers={"Content-Type": "application/vnd.flux"}
        )
        assert (response.code, answer(response)["code"]) == (400, "invalid")
