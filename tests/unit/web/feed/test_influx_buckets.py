"""What InfluxDB 2's clients look up or create: every bucket and organization counts as existing."""

from __future__ import annotations

import pytest

from tests.unit.web.feed.served import fed

pytestmark = pytest.mark.gen_test
API = "/api/v2"


async def test_a_bucket_that_a_client_names_is_there_with_the_same_id_from_then_on() -> None:
    async with fed() as stand:
        made = await stand.site.ask(f"{API}/buckets", "POST", b'{"name": "shop", "org": "acme"}')
        assert (made.status, made.json["name"]) == (201, "shop")
        (owner,) = (await stand.site.ask(f"{API}/orgs?org=acme")).json["orgs"]
        assert made.json["orgID"] == owner["id"]
        (found,) = (await stand.site.ask(f"{API}/buckets?name=shop&org=acme")).json["buckets"]
        assert (found["id"], found["orgID"]) == (made.json["id"], owner["id"])
        assert "shop" in [each["name"] for each in (await stand.site.ask(f"{API}/buckets")).json["buckets"]]
        for method in ("GET", "PATCH"):
            assert (await stand.site.ask(f"{API}/buckets/{found['id']}", method)).json["name"] == "shop"
        assert (await stand.site.ask(f"{API}/buckets/{found['id']}", "DELETE")).status == 204
        flux = await stand.site.ask(f"{API}/query", "POST", b"buckets()")
        assert (flux.status, b"shop" in flux.body) == (200, True)
        assert flux.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert (await stand.site.ask(f"{API}/setup")).json == {"allowed": False}


@pytest.mark.parametrize("body", [b'{"name": " "}', b'{"org": "acme"}', b"[", b"\xff"])
async def test_a_bucket_without_a_name_is_not_made(body: bytes) -> None:
    async with fed() as stand:
        assert (await stand.site.ask(f"{API}/buckets", "POST", body)).status == 400


async def test_look_ups_need_a_writer() -> None:
    async with fed(open_=False) as stand:
        for path, method in (("orgs", "GET"), ("buckets", "GET"), ("buckets/1", "DELETE"), ("query", "POST")):
            assert (await stand.site.ask(f"{API}/{path}", method)).status == 401
            assert (await stand.site.ask(f"{API}/{path}", method, Authorization="Bearer dsh_reader")).status == 403
