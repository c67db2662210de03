"""Notifications are posted to the configured addresses: signed, repeated until accepted, and not to redirects."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from dashboard.conversation import webhooks
from dashboard.store.schema import deliveries
from tests.support.hook_receiver import HookReceiver
from tests.support.inprocess import running
from tests.support.site import SECRET, Site, site

pytestmark = pytest.mark.gen_test

HOOK_SECRET = "what webhooks are signed with, at least 32"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed deliveries at once."""
    monkeypatch.setattr(webhooks, "_FIRST_PAUSE_MS", 10)
    monkeypatch.setattr(webhooks, "_CHECK_EVERY_S", 0.05)


@pytest.fixture
def receivers() -> Iterator[Callable[..., HookReceiver]]:
    made: list[HookReceiver] = []

    def make(*answers: int) -> HookReceiver:
        made.append(HookReceiver(*answers))
        return made[-1]

    yield make
    for each in made:
        each.close()


def hooked(tmp_path: Path, *urls: str) -> Any:
    return site(tmp_path, webhooks=urls, webhook_secret=HOOK_SECRET)


async def notify(at: Site, **more: Any) -> None:
    body = {"title": "Disk full", "body": "db-1", "user": "vera", "data": {"a": "ü"}, **more}
    assert (await at.fetch("POST", "/api/v1/notifications", body, as_="olga")).code == 200


async def all_sent(at: Site) -> None:
    """Wait until no delivery is waiting."""
    while True:
        async with at.server.accounts.database.read() as tx:
            if not (await tx.execute(select(func.count()).select_from(deliveries))).scalar_one():
                return
        await asyncio.sleep(0.02)


async def test_what_is_posted_is_signed_and_says_what_happened(tmp_path: Path, receivers: Any) -> None:
    receiver = receivers()
    async with hooked(tmp_path, f"{receiver.url}/hook") as at:
        await notify(at, key="k")
        await all_sent(at)
        (posted,) = receiver.posted
        signed = f"{posted.headers['x-dashboard-time']}.".encode() + posted.body
        expected = hmac.digest(HOOK_SECRET.encode(), signed, hashlib.sha256).hex()
        assert posted.headers["x-dashboard-signature"] == f"sha256={expected}"
        assert abs(int(posted.headers["x-dashboard-time"]) - at.server.clock.now_ms() / 1000) < 60
        said = json.loads(posted.body)
        assert posted.path == "/hook"
        assert (said["type"], said["title"], said["body"], said["users"]) == (
            "notification",
            "Disk full",
            "db-1",
            ["vera"],
        )
        assert (said["data"], said["key"]) == ({"a": "ü"}, "k")
        assert HOOK_SECRET not in str(posted)
        assert at.server.counters.webhooks["delivered"] == 1


async def test_the_same_key_is_posted_once(tmp_path: Path, receivers: Any) -> None:
    receiver = receivers()
    async with hooked(tmp_path, receiver.url) as at:
        for _ in range(3):
            await notify(at, key="k")
        await notify(at, key="other")
        await all_sent(at)
        assert [json.loads(each.body)["key"] for each in receiver.posted] == ["k", "other"]


async def test_what_was_not_taken_is_posted_again_as_the_same_delivery(tmp_path: Path, receivers: Any) -> None:
    receiver = receivers(500, 503, 404)
    async with hooked(tmp_path, receiver.url) as at:
        await notify(at)
        await all_sent(at)
        assert len(receiver.posted) == 4
        assert len({each.headers["x-dashboard-delivery"] for each in receiver.posted}) == 1
        assert len({each.body for each in receiver.posted}) == 1
        assert at.server.counters.webhooks == {"failed": 3, "delivered": 1}


async def test_a_redirect_is_not_followed(tmp_path: Path, receivers: Any) -> None:
    receiver = receivers(302, 302)
    async with hooked(tmp_path, f"{receiver.url}/hook") as at:
        await notify(at)
        await all_sent(at)
        assert [each.path for each in receiver.posted] == ["/hook"] * 3


async def test_each_address_gets_it_although_another_is_away(tmp_path: Path, receivers: Any) -> None:
    good, gone = receivers(), receivers()
    away = gone.url
    gone.close()
    async with hooked(tmp_path, away, good.url) as at:
        await notify(at)
        while not good.posted:
            await asyncio.sleep(0.02)
        assert len(good.posted) == 1


async def test_an_answer_that_is_none_holds_up_no_other_address(tmp_path: Path, receivers: Any) -> None:
    good, endless = receivers(), receivers(502, 502, 502)
    async with hooked(tmp_path, endless.url, good.url) as at:
        await notify(at)
        await all_sent(at)
        assert (len(good.posted), len(endless.posted)) == (1, 4)
        assert at.server.counters.task_failures.total() == 0


async def test_nothing_is_asked_but_what_the_configuration_names(tmp_path: Path, receivers: Any) -> None:
    """The server requests neither an address in a notification nor one that is no longer configured."""
    now, before = receivers(), receivers(*[500] * 10_000)
    async with hooked(tmp_path, before.url) as at:
        await notify(at, key="older")
        while not before.posted:
            await asyncio.sleep(0.02)
    asked = len(before.posted)
    async with site_again(tmp_path, now.url) as at:
        body = {
            "title": before.url,
            "body": before.url,
            "data": {"url": before.url},
            "user": "vera",
            "key": before.url[:60],
        }
        assert (await at.fetch("POST", "/api/v1/notifications", body, as_="olga")).code == 200
        await all_sent(at)
        assert len(now.posted) == 1
    assert len(before.posted) == asked


@asynccontextmanager
async def site_again(tmp_path: Path, url: str) -> AsyncIterator[Site]:
    """Run another server on the same store, which has the users already."""
    settings = {"data": str(tmp_path / "data"), "login": "required", "secret": SECRET}
    async with running(**settings, webhooks=(url,), webhook_secret=HOOK_SECRET) as server:
        yield Site(server)
