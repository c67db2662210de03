"""Uptime Kuma's push and Healthchecks' ping: ../shared/wire-formats.md, "First"."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.app.build import Dashboard
from dashboard.web.feed.feeding import TOKEN_IGNORED
from dashboard.web.feed.live_push import OpenPushes
from tests.handlers.feeders import basic, bearer, document, fed, guarded, post, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

UNKNOWN = {"ok": False, "msg": "Monitor not found or not active."}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_push_by_any_method_is_named_as_its_token(method: str, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        path = f"/api/push/{token}?status=up&msg=OK&ping=12.5"
        response = await post(server, path, None if method in ("GET", "DELETE") else "", method=method)
        assert (response.code, answer(response)) == (200, {"ok": True})
        assert series_in(server) == {"feeder_up": 1, "feeder_ping_ms": 12.5}
        assert document(server, "feeder")["state"] == "ok"
        assert fed(server) == {("feeder", "uptime_kuma", "accepted"): 4}


async def test_head_counts_as_a_push(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        assert (await post(server, f"/api/push/{token}", None, method="HEAD")).code == 200
        assert series_in(server) == {"feeder_up": 1}


async def test_down_and_up_again_are_events_and_what_goes_on_is_none(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for status in ("up", "up", "down", "down", "up", "up"):
            await post(server, f"/api/push/{token}?status={status}", "")
        states = [item["state"] for item in document(server, "events")["items"]]
        assert states == ["ok", "critical"]
        assert [item["state"] for item in document(server, "alerts")["items"]] == ["ok"]


async def test_an_unknown_push_gets_404_and_no_more(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for path in ("/api/push/wrong", "/api/push/dsh_wrong?status=up"):
            response = await post(server, path, "")
            assert (response.code, answer(response)) == (404, UNKNOWN)
        _, reader = await server.accounts.accounts.create_token("test", "", name="reader", verbs=("read",))
        assert (await post(server, f"/api/push/{reader}", "")).code == 404
        for odd in ("status=maybe&ping=x", "ping=null"):  # taken as Uptime Kuma takes it
            taken = await post(server, f"/api/push/{token}?{odd}", "", method="OPTIONS")
            assert (taken.code, answer(taken)) == (200, {"ok": True})
            assert series_in(server) == {"feeder_up": 0.0 if "maybe" in odd else 1.0}


async def test_with_a_token_elsewhere_or_on_an_open_server_the_address_is_the_name(tmp_path: Path) -> None:
    async with guarded(tmp_path / "a") as (server, token):
        assert (await post(server, "/api/push/backup", "", headers=basic(token))).code == 200
        assert (await post(server, "/ping/nightly", "", headers=basic(token))).code == 200
        assert series_in(server) == {"backup_up": 1, "nightly_up": 1}
    async with running() as server:
        assert (await post(server, "/api/push/backup?status=down", None, method="GET")).code == 200
        assert series_in(server) == {"backup_up": 0}


async def test_a_sign_of_life_may_show_its_token_wherever_others_do_and_nobody_reads_it(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for number, (query, body) in enumerate(
            ((f"?u=x&p={token}", ""), ("", {"auth_token": token}), ("", {"api_key": token, "note": "well"}))
        ):
            for path in (f"/api/push/kuma{number}", f"/ping/check{number}"):
                assert (await post(server, path + query, body)).code == 200, (path, body)
        assert {f"{name}{n}_up" for name in ("kuma", "check") for n in range(3)} <= series_in(server).keys()
        assert "well" in document(server, "check2")["text"]
        assert token not in str([document(server, key) for key in ("check1", "check2", "events", "alerts")])
        for path in ("/api/push/kuma?u=x&p=wrong", "/ping/check?p=wrong"):
            response = await post(server, path, "")
            assert (response.code, response.headers.get("WWW-Authenticate")) == (404, None)


async def test_a_page_of_another_site_may_not_push() -> None:
    async with running() as server:
        for site in ("cross-site", "same-site"):
            for path in ("/api/push/backup", "/ping/backup"):
                response = await post(server, path, None, method="GET", headers={"Sec-Fetch-Site": site})
                assert response.code in (403, 404)
        assert series_in(server) == {}


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        ("", {"feeder_up": 1}),
        ("/0", {"feeder_up": 1, "feeder_exit_code": 0}),
        ("/3", {"feeder_up": 0, "feeder_exit_code": 3}),
        ("/fail", {"feeder_up": 0}),
        ("/start", {}),
        ("/log", {}),
    ],
)
async def test_a_ping_of_each_kind(action: str, kept: dict[str, float], tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for method in ("HEAD", "GET", "POST"):
            body = "disk full" if method == "POST" else None
            response = await post(server, f"/ping/{token}{action}", body, method=method)
            assert (response.code, response.body) == (200, b"" if method == "HEAD" else b"OK")
        assert series_in(server) == kept
        if action in ("/fail", "/start"):
            assert document(server, "events")["items"][0]["value"] in ("disk full", "failed")


async def test_a_ping_may_have_any_method_and_a_wrong_exit_code_is_told() -> None:
    uuid = "3bb2a1b6-0000-4000-8000-000000000000"
    async with running() as server:
        for method in ("PUT", "PATCH", "DELETE"):
            response = await post(server, f"/ping/{uuid}", "text" if method != "DELETE" else None, method=method)
            assert (response.code, response.headers["Ping-Body-Limit"]) == (200, "10000")
        for body in (b"\xff\xfe\x00\xd8 a log", b"\x1f\x8b\x08 cut off", b"\x00\xff"):
            assert (await post(server, f"/ping/{uuid}", body)).code == 200
            assert (await post(server, "/api/push/shop?status=up", body)).code == 200
        wrong = await fetch(server, f"/ping/{uuid}/3221225477")  # a program that crashed on Windows
        assert (wrong.code, wrong.body) == (400, b"exit code: must be 0 to 255")


async def test_a_ping_that_nobody_knows_gets_404(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for path in (
            "/ping/3bb2a1b6-0000-4000-8000-000000000000",
            f"/ping/{token}/a/stop",
            f"/ping/{token}/a/256",
            f"/ping/{token}/a%20b",
        ):
            response = await fetch(server, path)
            assert (response.code, response.body) == (404, b"not found")


async def test_more_than_a_token_may_send_gets_429(tmp_path: Path) -> None:
    async with guarded(tmp_path, per_s=1) as (server, token):
        for _ in range(10):
            assert (await fetch(server, f"/ping/{token}/start")).code == 200
        later = await fetch(server, f"/ping/{token}")
        assert (later.code, int(later.headers["Retry-After"]) in (1, 2, 3)) == (429, True)
        later = await fetch(server, f"/api/push/{token}")
        assert (later.code, answer(later)["ok"]) == (429, False)


async def test_checks_that_would_have_one_name_are_told_apart() -> None:
    async with running() as server:
        for path, status in (
            ("/ping/key1/nightly", 200),
            ("/ping/key2/nightly", 400),
            ("/ping/key1/nightly/start", 200),
            ("/api/push/web%20shop", 200),
            ("/api/push/web_shop", 400),
            ("/ping/key2/other", 200),
        ):
            assert (await fetch(server, path)).code == status, path
        reasons = [
            r["reason"] for f in answer(await fetch(server, "/api/v1/feeders"))["feeders"] for r in f["refusals"]
        ]
        assert any("'web_shop' and 'web shop' would both be web_shop_up here" in reason for reason in reasons)


LIVE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MTIzNDU2Nzg5MDEyMzQ1Ng==",
}
FED_BY_GET = [
    ("GET", "/ping/a", {}),
    ("HEAD", "/ping/a/fail", {}),
    ("GET", "/api/push/a", {}),
    ("GET", "/api/live/push/a", LIVE),
]


def refusals(server: Dashboard) -> list[tuple[str, str]]:
    """Return the reason and the snippet of each refusal that the tap shows."""
    return [(each.reason, each.snippet) for feeder in server.stats.feeders() for each in feeder.refusals]


@pytest.mark.parametrize(("method", "path", "headers"), FED_BY_GET)
async def test_what_the_guard_refuses_of_feeders_that_use_get_is_in_the_tap(
    method: str, path: str, headers: dict[str, str]
) -> None:
    async with running() as server:
        for bad, more, status in (
            ({"Host": "evil.example"}, "", 421), ({"Origin": "http://evil.example"}, "/", 403),
            ({"Content-Type": "multipart/form-data"}, "", 415), ({}, "?" + "x" * 5_000, 414),
        ):  # fmt: skip
            response = await fetch(server, path + more, method=method, headers=headers | bad)
            assert response.code == status
            (snippet,) = [snippet for reason, snippet in refusals(server) if reason.startswith(f"{status}: ")]
            assert snippet in ("/ping/{check}", "/api/push/{push}", "/api/live/push/a")  # the path may hold a secret
        for harmless in ("/", "/api/v1/series", "/api/v1/samples", "/api/live/push/a"):
            assert (await fetch(server, harmless, headers={"Host": "evil.example"})).code == 421
        assert len(refusals(server)) == 4


async def test_a_live_connection_that_is_refused_is_in_the_tap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(pushes: OpenPushes) -> None:
        pushes.most = pushes.count = 0

    monkeypatch.setattr(OpenPushes, "__init__", none_left)
    async with guarded(tmp_path) as (server, token):
        _, reader = await server.accounts.accounts.create_token("test", "", name="reader", verbs=("read",))
        for given, status in (({}, 401), (bearer("dsh_wrong"), 401), (bearer(reader), 403), (bearer(token), 503)):
            assert (await fetch(server, "/api/live/push/a", headers=LIVE | given)).code == status
        assert sorted(reason[:5] for reason, _ in refusals(server)) == ["401: ", "401: ", "403: ", "503: "]


async def test_a_foreign_token_that_a_heartbeat_shows_is_said_to_be_ignored() -> None:
    async with running() as server:
        assert (await fetch(server, "/ping/a", headers=bearer("dsh_foreign"))).code == 200
        assert [reason for reason, _ in refusals(server)] == [TOKEN_IGNORED]
