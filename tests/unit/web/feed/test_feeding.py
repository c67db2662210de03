"""Feeding by handlers: who may feed, what is unpacked, and how a refusal is answered and counted."""

from __future__ import annotations

import base64
import gzip

import pytest

from dashboard.ingest.slices import SLICE_BYTES
from tests.unit.web.feed.served import fed

pytestmark = pytest.mark.gen_test
SAMPLES = "/api/v1/samples"
CPU = b'[{"series": "cpu", "value": 1}]'


async def test_a_body_is_stored_whatever_its_type_and_packing() -> None:
    async with fed() as stand:
        for n, (body, headers) in enumerate(
            [
                (b'[{"series": "s0", "value": 1}]', {}),
                (gzip.compress(b'[{"series": "s1", "value": 1}]'), {"Content_Encoding": "gzip"}),
                (gzip.compress(b'[{"series": "s2", "value": 1}]'), {}),
                (b'[{"series": "s3", "value": 1}]', {"Content_Type": "application/x-www-form-urlencoded"}),
            ]
        ):
            reply = await stand.site.ask(SAMPLES, "POST", body, **headers)
            assert (n, reply.status, reply.json) == (n, 202, {"accepted": 1})
        assert await stand.values() == {"s0": 1, "s1": 1, "s2": 1, "s3": 1}


@pytest.mark.parametrize(
    ("uri", "headers", "body"),
    [
        (SAMPLES, {"Authorization": "Bearer dsh_writer"}, CPU),
        (SAMPLES, {"Authorization": "Basic " + base64.b64encode(b"any:dsh_writer").decode()}, CPU),
        (f"{SAMPLES}?token=dsh_writer", {}, CPU),
        (f"{SAMPLES}?p=dsh_writer", {}, CPU),
        (f"{SAMPLES}/cpu", {}, b'{"auth_token": "dsh_writer", "value": 1}'),
    ],
)
async def test_a_token_counts_wherever_senders_can_put_it(uri: str, headers: dict[str, str], body: bytes) -> None:
    async with fed(open_=False) as stand:
        assert (await stand.site.ask(uri, "POST", body, **headers)).status == 202
        assert await stand.values() == {"cpu": 1}
        assert [token for token, _, _ in stand.counters.feeder_samples] == ["ci"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "not_authenticated"),
        ({"Authorization": "Bearer dsh_reader"}, 403, "forbidden"),
        ({"Authorization": "Bearer dsh_wrong"}, 503, "unavailable"),  # the store may know it, and does not answer
    ],
)
async def test_whoever_may_not_feed_is_refused_once(headers: dict[str, str], status: int, code: str) -> None:
    async with fed(open_=False) as stand:
        reply = await stand.site.ask(SAMPLES, "POST", CPU, **headers)
        assert (reply.status, reply.json["code"]) == (status, code)
        assert ("WWW-Authenticate" in reply.headers) == (status == 401)
        assert await stand.values() == {}
        assert stand.refused() == 1


async def test_an_unknown_token_is_ignored_where_none_is_needed() -> None:
    async with fed() as stand:
        assert (await stand.site.ask(SAMPLES, "POST", CPU, Authorization="Bearer dsh_wrong")).status == 202
        assert await stand.values() == {"cpu": 1}


async def test_a_body_that_cannot_be_read_is_one_refusal_that_shows_its_beginning() -> None:
    async with fed() as stand:
        reply = await stand.site.ask(SAMPLES, "POST", b'[{"series": "cpu", "val')
        assert (reply.status, reply.json["code"]) == (400, "invalid")
        packed = await stand.site.ask(SAMPLES, "POST", b"no gzip", Content_Encoding="gzip")
        assert packed.status == 400
        unknown = await stand.site.ask(SAMPLES, "POST", CPU, Content_Encoding="compress")
        assert (unknown.status, unknown.json["field"]) == (415, "Content-Encoding")
        assert stand.refused() == 3


async def test_a_method_that_is_not_taken_names_those_that_are() -> None:
    async with fed() as stand:
        reply = await stand.site.ask(SAMPLES, "DELETE")
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert "send GET or HEAD or POST" in reply.json["error"]
        assert (await stand.site.ask(SAMPLES)).status == 200


async def test_a_repeated_key_stores_nothing_twice() -> None:
    async with fed() as stand:
        for value in (1, 2):
            body = b'[{"series": "cpu", "value": %d}]' % value
            assert (await stand.site.ask(SAMPLES, "POST", body, Idempotency_Key="7")).status == 202
        assert await stand.values() == {"cpu": 1}


async def test_a_long_body_is_stored_part_by_part_and_its_faults_are_numbered_over_all() -> None:
    async with fed() as stand:
        count = SLICE_BYTES // 25
        rows = b",\n".join(b'{"series": "s%d", "value": %d}' % (n % 50, n) for n in range(count))
        body = b"[" + rows + b',\n{"series": "bad name", "value": 1}]'
        assert len(body) > SLICE_BYTES
        reply = await stand.site.ask(SAMPLES, "POST", body)
        assert (reply.status, reply.json["accepted"]) == (400, count)
        assert [each["index"] for each in reply.json["refused"]] == [count]
        assert len(await stand.values()) == 50
