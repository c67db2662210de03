"""Joining a room on a process that knows less than the page, or less than the store."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dashboard.domain.room import Message
from dashboard.store.messages import post
from tests.handlers.test_rooms_http import say
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test


async def keep_unheard(at: Site, *texts: str) -> list[int]:
    """Store messages that another process has stored and this process has not received; return their positions."""
    kept = []
    for text in texts:
        async with at.server.accounts.database.write() as tx:
            said = Message("ops", 0, 0, "olga", "Olga", text, text, int(time.time() * 1000), key=f"unheard {text}")
            stored, _ = await post(tx, said)
        kept.append(stored.changed_seq)
    return kept


@pytest.mark.parametrize("since", ["newest", "before", "long ago", "far ahead"])
async def test_a_page_that_is_ahead_of_the_process_it_comes_to_is_neither_set_back_nor_told_twice(
    since: str, tmp_path: Path
) -> None:
    async with site(tmp_path) as at:
        await say(at, "heard")
        if since == "long ago":  # further than it is kept in memory
            await keep_unheard(at, *(f"old {number}" for number in range(350)))
        there = await at.socket(as_="eddy")
        await there.ask("join_room", roomId="ops")
        kept = await keep_unheard(at, "one", "two", "three")
        position = {"newest": kept[-1], "before": kept[0] - 1, "long ago": 5, "far ahead": 10**9}[since]
        page = await at.socket(as_="vera")
        joined = await page.ask("join_room", roomId="ops", since=str(position))
        assert joined["recovered"] == (since != "far ahead")
        shown = [each["text"] for each in joined["messages"]]
        if since == "newest":
            assert (joined["position"], shown) == (str(kept[-1]), [])
        await say(at, "after", as_="eddy")
        told = [joined]
        while told[-1].get("text") != "after":
            told.append(await page.until("message"))
        positions = [int(each["position"]) for each in told]
        assert positions == list(range(positions[0], positions[0] + len(positions)))  # each once, none left out
        texts = shown + [each["text"] for each in told[1:]]
        assert len(texts) == len(set(texts))
        assert set(texts) >= ({"after"} if since == "newest" else {"one", "two", "three", "after"})


async def test_a_room_that_opens_for_somebody_is_told_to_them_only(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera, eddy = await at.socket(as_="vera"), await at.socket(as_="eddy")
        assert (await at.fetch("POST", "/api/v1/rooms", {"id": "new", "title": "New"}, as_="olga")).code == 201
        for page in (vera, eddy):
            told = await page.until("room_opened")
            assert (told["roomId"], told["title"], told["kind"]) == ("new", "New", "room")
        assert (await at.fetch("POST", "/api/v1/rooms", {"id": "own", "private": True}, as_="ada")).code == 201
        assert (await at.fetch("PATCH", "/api/v1/rooms/own", {"members": ["eddy"]}, as_="ada")).code == 200
        assert (await eddy.until("room_opened"))["roomId"] == "own"
        assert (await at.fetch("PATCH", "/api/v1/rooms/new", {"title": "Newer"}, as_="olga")).code == 200
        assert (await vera.until("room_opened"))["title"] == "Newer"
        assert "own" not in [each.get("roomId") for each in vera.seen]


async def test_that_one_has_stopped_typing_is_never_too_often_and_said_only_of_who_typed(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera, olga = await at.socket(as_="vera"), await at.socket(as_="olga")
        for each in (vera, olga):
            assert (await each.ask("join_room", roomId="ops"))["type"] == "joined"
        for _ in range(20):
            vera.send("typing", roomId="ops", isTyping=False)
        for _ in range(6):
            vera.send("typing", roomId="ops", isTyping=True)
        assert (await vera.until("error"))["code"] == "rate_limited"
        vera.send("typing", roomId="ops", isTyping=False)
        assert (await olga.until("typing"))["isTyping"] is True
        await olga.until("typing", isTyping=False)
        assert (await vera.ask("users"))["type"] == "users", "and nothing else was refused"
