"""Smashing's addresses: ../shared/wire-formats.md, "First"."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.feeders import bearer, document, fed, guarded, post, series, series_in
from tests.handlers.support import answer, fetch
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize(
    ("fields", "value", "stored"),
    [
        ({"current": 12, "last": 11, "suffix": "%", "moreinfo": "m"}, 12, {"last": 11, "suffix": "%", "moreinfo": "m"}),
        ({"value": 30, "min": 0, "max": 100}, 30, {"min": 0, "max": 100}),
        ({"title": "t", "text": "hello"}, None, {"title": "t", "text": "hello"}),
        ({"items": [{"label": "a", "value": "1"}]}, None, {"items": [{"label": "a", "value": "1"}]}),
        ({"image": "/a.png"}, None, {"image": "/a.png"}),
        ({"status": "danger"}, None, {"status": "danger"}),
    ],
)
async def test_every_widget_is_taken(fields: dict[str, Any], value: float | None, stored: Any, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        response = await post(server, "/widgets/karma", fields | {"auth_token": token})
        assert (response.code, response.body) == (204, b"")
        assert series_in(server) == ({} if value is None else {"karma": value})
        assert document(server, "karma") == stored


async def test_a_graph_and_its_times() -> None:
    async with running() as server:
        now = int(time.time())
        points = [{"x": now - 60, "y": 1}, {"x": now, "y": 2}]
        assert (await post(server, "/widgets/convergence", {"points": points})).code == 204
        assert list(series(server, "convergence").times) == [(now - 60) * 1000, now * 1000]


@pytest.mark.parametrize("path", ["/widgets/karma", "/dashboards/sample", "/dashboards/*"])
async def test_a_wrong_token_gets_smashings_own_words(path: str, tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for sent, headers in (
            ({"auth_token": "YOUR_AUTH_TOKEN", "event": "reload"}, {}),
            ({"event": "reload"}, {}),
            ({"auth_token": token, "event": "reload"}, bearer("wrong")),
        ):
            response = await post(server, path, sent, headers=headers)
            assert (response.code, response.body) == (401, b"Invalid API key\n")
        assert (series_in(server), document(server, "events")) == ({}, None)
        for shown in ({"auth_token": token}, {"api_key": token}):
            assert (await post(server, path, shown | {"event": "reload"})).code == 204
        for method in ("GET", "HEAD"):
            assert (await fetch(server, path, method=method)).code == 200


async def test_a_token_that_may_not_write_is_refused(tmp_path: Path) -> None:
    async with guarded(tmp_path, verbs=("read",)) as (server, token):
        assert (await post(server, "/widgets/karma", {"auth_token": token, "current": 1})).code == 403


async def test_jobs_that_come_from_smashing_feed_an_open_server_as_they_are() -> None:
    async with running() as server:
        assert (await post(server, "/widgets/karma", {"auth_token": "YOUR_AUTH_TOKEN", "current": 1})).code == 204
        assert fed(server) == {("local", "smashing", "accepted"): 1}


async def test_an_order_is_kept_as_an_event() -> None:
    async with running() as server:
        assert (await post(server, "/dashboards/*", {"event": "reload"})).code == 204
        assert document(server, "events")["items"][0]["label"] == "reload *"
        assert (await post(server, "/dashboards/*", {})).code == 400


async def test_bad_bodies_get_400_and_what_is_good_of_them_is_kept() -> None:
    async with running() as server:
        for sent in (b"{", b"[]", b"current=1"):
            assert (await post(server, "/widgets/karma", sent)).code == 400
        response = await post(server, "/widgets/karma", {"current": {"a": 1}, "title": "t"})
        assert (response.code, answer(response)["error"]) == (400, 'current: {"a": 1} is not a number')
        assert document(server, "karma") == {"title": "t"}
        assert (await post(server, "/widgets/karma", {"current": "n/a"})).code == 204
        assert document(server, "karma") == {"current": "n/a"}


async def test_more_than_a_token_may_send_gets_429(tmp_path: Path) -> None:
    async with guarded(tmp_path, per_s=1) as (server, token):
        codes = [(await post(server, "/widgets/a", {"auth_token": token, "current": n})).code for n in range(12)]
        assert codes[:10] == [204] * 10
        assert codes[11] == 429
