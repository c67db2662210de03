"""Bodies that feeders post and the answers that they get: ../shared/wire-formats.md, rows "ours"."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from pathlib import Path

import cramjam
import pytest

from dashboard.ingest.packed import ENCODINGS
from tests.handlers.feeders import applied, bearer, guarded, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


async def last_value(server: object, series: str) -> float:
    rows = answer(await fetch(server, f"/api/v1/series?match={series}"))["series"]  # type: ignore[arg-type]
    assert len(rows) == 1, rows
    return float(rows[0]["last"]["value"])


async def test_one_bare_number_is_taken_with_any_content_type() -> None:
    async with running() as server:
        for value, content_type in (
            (3, "application/x-www-form-urlencoded"),
            (4.5, "text/plain"),
            (-1e-3, "application/json"),
        ):
            response = await fetch(
                server,
                "/api/v1/samples/orders",
                method="POST",
                body=f" {value}\n",
                headers={"Content-Type": content_type},
            )
            assert (response.code, answer(response)) == (202, {"accepted": 1})
            assert await last_value(server, "orders") == value


async def test_a_number_in_the_query_is_taken() -> None:
    async with running() as server:
        response = await fetch(server, "/api/v1/samples/orders?value=3.25&unit=%25&every_s=5", method="POST", body="")
        assert response.code == 202
        (row,) = answer(await fetch(server, "/api/v1/series?match=orders"))["series"]
        assert (row["last"]["value"], row["unit"], row["every_s"]) == (3.25, "%", 5)


async def test_object_array_and_ndjson_are_taken() -> None:
    async with running() as server:
        now = int(time.time() * 1000)
        sample = {"series": "a", "labels": {"shop": "x"}, "value": 1, "t": now, "unit": "ms", "every_s": 2}
        bodies = [
            json.dumps(sample),
            json.dumps([sample, {"series": "b", "value": 2}]),
            '{"series":"c","value":3}\n{"series":"d","value":4}\r\n\n',
            json.dumps(sample, indent=2),
        ]
        counts = []
        for body in bodies:
            response = await fetch(server, "/api/v1/samples", method="POST", body=body)
            assert response.code == 202, response.body
            counts.append(answer(response)["accepted"])
        assert counts == [1, 2, 2, 1]
        assert await last_value(server, "d") == 4


async def test_gzip_is_unpacked_also_in_several_members() -> None:
    async with running() as server:
        packed = gzip.compress(b'[{"series":"a","value":1},') + gzip.compress(b'{"series":"b","value":2}]')
        headers = {"Content-Encoding": "gzip"}
        response = await fetch(server, "/api/v1/samples", method="POST", body=packed, headers=headers)
        assert (response.code, answer(response)) == (202, {"accepted": 2})
        broken = await fetch(server, "/api/v1/samples", method="POST", body=b"not gzip", headers=headers)
        assert broken.code == 400
        assert "gzip" in answer(broken)["error"]
        other = await fetch(server, "/api/v1/samples", method="POST", body=b"x", headers={"Content-Encoding": "br"})
        assert other.code == 415


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_every_format_takes_every_encoding(encoding: str) -> None:
    pack = {
        "zstd": cramjam.zstd.compress, "zlib": zlib.compress, "deflate": zlib.compress, "lz4": cramjam.lz4.compress,
        "snappy": cramjam.snappy.compress_raw, "x-snappy-framed": cramjam.snappy.compress,
    }[encoding]  # fmt: skip
    async with running(max_lines_bytes=100_000) as server:

        async def post(path: str, body: bytes) -> int:
            headers = {"Content-Encoding": encoding}
            return (await fetch(server, path, method="POST", body=bytes(pack(body)), headers=headers)).code

        assert await post("/write", b"lines v=1") == 204
        assert await post("/api/v1/samples", b'{"series":"json","value":2}') == 202
        assert await post("/api/put", b'{"metric":"tsdb","value":3,"tags":{}}') == 204
        assert await post("/metrics/job/a", b"push 4\n") == 200
        assert series_in(server).items() >= {"lines_v": 1, "json": 2, "tsdb": 3, 'push{job="a"}': 4}.items()
        assert await post("/write", b"x" * 100_001) == 413
        headers = {"Content-Encoding": encoding}
        broken = await fetch(server, "/write", method="POST", body=b"\xff" * 40, headers=headers)
        assert broken.code == 400
        assert broken.code == 400
        (feeder,) = [each for each in answer(await fetch(server, "/api/v1/feeders"))["feeders"] if each["refusals"]]
        assert feeder["refusals"][0]["snippet"] == f"40 bytes, packed by {encoding}"


async def test_bad_samples_are_named_and_the_good_ones_of_the_batch_are_kept() -> None:
    async with running() as server:
        batch = [
            {"series": "good", "value": 1},
            {"series": "no good", "value": 1},
            {"series": "good", "value": "1"},
            {"series": "good", "value": 10**400},
            {"series": "good", "value": 1, "t": 1_700_000_000},
            {"series": "good", "value": 1, "labels": {"a": 1}},
            {"value": 1},
            {"series": "fine", "value": 2},
        ]
        response = await fetch(server, "/api/v1/samples", method="POST", body=batch)
        told = answer(response)
        assert response.code == 400
        assert told["accepted"] == 2
        assert [(r["index"], r["field"]) for r in told["refused"]] == [
            (1, "series"), (2, "value"), (3, "value"), (4, "t"), (5, "labels.a"), (6, "series"),
        ]  # fmt: skip
        assert "seconds" in told["refused"][3]["reason"]
        assert await last_value(server, "fine") == 2


@pytest.mark.parametrize(
    "body",
    [
        b'[{"series":"a","value":NaN}]',
        b'[{"series":"a","value":Infinity}]',
        b'[{"series":"a","value":-Infinity}]',
        b'[{"series":"a","value":1e400}]',
        b'[{"series":"a","value":1' + b"0" * 400 + b"}]",
        b'[{"series":"a\xff","value":1}]',
        b'[{"series":"\\ud800","value":1}]',
        b'[{"series":"a\\u0000","value":1}]',
        b'[{"series":"a","value":1,"value":2}]',
        b'[{"series":"a","value":1,"labels":{"x":"1","x":"2"}}]',
        b'[{"series":"a","value":true}]',
        b"[" * 100_000,
        b'[{"series":"a","value":1,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}]",
        b"",
        b"hello",
        b'"text"',
    ],
)
async def test_nasty_bodies_get_a_clear_400(body: bytes) -> None:
    async with running() as server:
        response = await fetch(server, "/api/v1/samples", method="POST", body=body)
        told = answer(response)
        assert response.code == 400, told
        assert told["error"]
        assert answer(await fetch(server, "/api/v1/series"))["series"] == []


async def test_a_named_number_that_is_none_gets_a_clear_400() -> None:
    async with running() as server:
        for body in ("NaN", "abc", "", "1 2", "0x10"):
            response = await fetch(server, "/api/v1/samples/orders", method="POST", body=body)
            assert response.code == 400
            assert answer(response)["field"] == "value"


async def test_the_series_limit_refuses_the_next_one_and_counts_it() -> None:
    async with running(max_series=3) as server:
        three = [{"series": f"s{i}", "value": i} for i in range(3)]
        assert (await fetch(server, "/api/v1/samples", method="POST", body=three)).code == 202
        response = await fetch(server, "/api/v1/samples", method="POST", body=[*three, {"series": "s3", "value": 3}])
        told = answer(response)
        assert (response.code, told["accepted"]) == (400, 3)
        assert told["refused"][0]["index"] == 3
        assert told["refused"][0]["code"] == "series_limit"
        metrics = (await fetch(server, "/metrics")).body.decode()
        assert 'dashboard_samples_refused_total{reason="series_limit"} 1.0' in metrics
        assert "dashboard_samples_accepted_total 6.0" in metrics


async def test_the_same_idempotency_key_stores_once() -> None:
    async with running() as server:
        for value in (1, 2):
            response = await fetch(
                server, "/api/v1/samples/orders", method="POST", body=str(value), headers={"Idempotency-Key": "k1"}
            )
            assert response.code == 202
        assert await last_value(server, "orders") == 1
        await fetch(server, "/api/v1/samples/orders", method="POST", body="3", headers={"Idempotency-Key": "k2"})
        assert await last_value(server, "orders") == 3


@pytest.mark.parametrize(("size", "status"), [(1_000, 202), (1_001, 413)])
async def test_a_feeders_body_may_have_its_limit_and_not_a_byte_more(size: int, status: int) -> None:
    async with running(max_json_bytes=1_000) as server:
        body = '[{"series":"a","value":1}' + " " * (size - 26) + "]"
        assert len(body) == size
        for packed in (False, True):
            data = gzip.compress(body.encode()) if packed else body.encode()
            headers = {"Content-Encoding": "gzip"} if packed else {}
            response = await fetch(server, "/api/v1/samples", method="POST", body=data, headers=headers)
            assert response.code == status
            if status == 413:
                assert answer(response)["code"] == "too_large"


async def test_documents_are_written_read_replaced_and_deleted() -> None:
    async with running(max_documents=2, max_document_bytes=100) as server:
        path = "/api/v1/documents/note"
        assert (await fetch(server, path)).code == 404
        assert (await fetch(server, path, method="PUT", body={"text": "hello"})).code == 202
        assert answer(await fetch(server, path)) == {"text": "hello"}
        assert (await fetch(server, path, method="POST", body='"bye"')).code == 202
        assert answer(await fetch(server, path)) == "bye"
        assert (await fetch(server, "/api/v1/documents/other", method="PUT", body="1")).code == 202
        full = await fetch(server, "/api/v1/documents/third", method="PUT", body="1")
        assert (full.code, answer(full)["code"]) == (400, "limit_reached")
        assert (await fetch(server, path, method="PUT", body='"' + "x" * 98 + '"')).code == 202
        assert (await fetch(server, path, method="PUT", body='"' + "x" * 99 + '"')).code == 413
        assert (await fetch(server, path, method="PUT", body="{bad")).code == 400
        assert (await fetch(server, path, method="PUT", body="[" * 17 + "]" * 17)).code == 400
        assert (await fetch(server, path, method="PUT", body="[" * 16 + "]" * 16)).code == 202
        assert (await fetch(server, path, method="DELETE")).code == 204
        assert (await fetch(server, path, method="DELETE")).code == 404


async def test_get_and_head_on_ingest_addresses_answer_200() -> None:
    async with running() as server:
        for path in ("/api/v1/samples", "/api/v1/samples/orders"):
            for method in ("GET", "HEAD"):
                assert (await fetch(server, path, method=method)).code == 200


async def test_a_token_may_stand_in_the_object_that_is_sent(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for path, body in (("/api/v1/samples", {"series": "a", "value": 1}), ("/api/v1/samples/b", {"value": 2})):
            for name in ("auth_token", "api_key"):
                for shown, status in ((token, 202), ("wrong", 401)):
                    response = await fetch(server, path, method="POST", body=body | {name: shown})
                    assert response.code == status
            for unknown in (body, [body]):
                refused = await fetch(server, path, method="POST", body=unknown)
                assert (refused.code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="dashboard"')


async def test_what_a_token_may_not_write_is_named_and_documents_are_forbidden(tmp_path: Path) -> None:
    async with guarded(tmp_path, prefixes=("shop_",), per_s=1) as (server, token):
        batch = [{"series": "shop_orders", "value": 1}, {"series": "other", "value": 1}]
        response = await fetch(server, "/api/v1/samples", method="POST", body=batch, headers=bearer(token))
        told = answer(response)
        assert (response.code, told["accepted"], told["refused"][0]["code"]) == (400, 1, "forbidden")
        for method in ("PUT", "DELETE"):
            body = "1" if method == "PUT" else None
            path = "/api/v1/documents/other"
            assert (await fetch(server, path, method=method, body=body, headers=bearer(token))).code == 403
        path = "/api/v1/documents/shop_note"
        codes = [(await fetch(server, path, method="PUT", body="1", headers=bearer(token))).code for _ in range(9)]
        assert (codes[0], codes[-1]) == (202, 429)


async def test_a_name_in_the_address_is_unquoted_once() -> None:
    async with running() as server:
        response = await fetch(server, "/api/v1/samples/orders%7Bpath%3D%22%2541%22%7D", method="POST", body="1")
        assert response.code == 202
        await applied(server)
        assert series_in(server) == {'orders{path="%41"}': 1}
