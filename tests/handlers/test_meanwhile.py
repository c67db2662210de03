"""Changes and failures while a request is being served."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Caller, Role
from tests.support.deadline import deadline
from tests.support.site import site

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize("what", ["disabled", "logged out", "another role"])
async def test_what_changes_while_somebody_is_let_in_counts(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        fanout, token = at.server.people.fanout, at.jwt("vera")
        prepare = fanout.prepare

        async def meanwhile(caller: Caller) -> Any:
            monkeypatch.setattr(fanout, "prepare", prepare)
            prepared = await prepare(caller)
            if what == "logged out":
                assert (await at.fetch("POST", "/api/v1/logout", "", {"Cookie": f"session={token}"})).code == 204
            else:
                change = {"disabled": True} if what == "disabled" else {"role": Role.OPERATOR}
                await at.server.accounts.accounts.change_user("test", "", "vera", **change)
            return prepared

        monkeypatch.setattr(fanout, "prepare", meanwhile)
        socket = await at.socket()
        socket.send("auth", userId="vera", token=token)
        if what == "another role":
            assert (await socket.until("authenticated"))["role"] == "operator"
        else:
            assert (await socket.until("error"))["code"] == "bad_token"
            assert await socket.end() == 4500


async def test_what_is_stored_is_answered_although_it_cannot_be_read_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        directory = at.server.accounts.directory
        look = directory.look

        async def fails_once() -> None:
            task = asyncio.current_task()
            if (
                task is not None and task.get_name() == "directory"
            ):  # of the process itself, which takes over what is new
                return await look()
            monkeypatch.setattr(directory, "look", look)
            raise Unavailable("away")

        monkeypatch.setattr(directory, "look", fails_once)
        status, made = await at.json("POST", "/api/v1/tokens", {"name": "new"}, as_="ada")
        assert status == 201
        async with deadline(20):
            while (await at.fetch("GET", f"/api/v1/me?token={made['token']}")).code != 200:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("what", ["message", "room"])
async def test_what_comes_while_somebody_is_let_in_is_known_to_them(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        olga, vera = await at.socket(as_="olga"), await at.socket(as_="vera")
        await olga.ask("direct", userId="vera", text="one", key="k1")
        await vera.until("message")
        fanout = at.server.people.fanout
        load, loads = fanout._load, 0

        async def meanwhile(*given: Any) -> Any:
            nonlocal loads
            loaded = await load(*given)
            loads += 1
            if loads == 1 and what == "message":
                await olga.ask("direct", userId="vera", text="two", key="k2")
                await vera.until("message")
            elif loads == 1:
                status, _ = await at.json("POST", "/api/v1/rooms", {"id": "new", "title": "New"}, as_="olga")
                assert status == 201
                await vera.until("room_opened")
            return loaded

        monkeypatch.setattr(fanout, "_load", meanwhile)
        late = await at.socket()
        late.send("auth", userId="vera", token=at.jwt("vera"))
        rooms = {each["roomId"]: each for each in (await late.until("authenticated"))["rooms"]}
        assert loads == 2
        if what == "message":
            (direct,) = (each for each in rooms.values() if each["kind"] == "direct")
            assert (direct["position"], direct["unread"]) == ("2", 2)
        else:
            assert "new" in rooms
        assert (fanout._preparing, fanout._passed) == ({}, {})


async def test_a_notification_that_comes_while_the_first_page_is_let_in_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        fanout = at.server.people.fanout
        load, note, loads = fanout._load, fanout._note_event, 0
        passed = asyncio.Event()

        async def meanwhile(*given: Any) -> Any:
            nonlocal loads
            loaded = await load(*given)
            loads += 1
            if loads == 1:
                for logged in [each for each in at.server.people.logs._logs if each.endswith("vera")]:
                    del at.server.people.logs._logs[logged]  # as if its entry came before this was done
                status, _ = await at.json("POST", "/api/v1/notifications", {"title": "x", "user": "vera"}, as_="olga")
                assert status == 200
                await passed.wait()
            return loaded

        def noted(*users: str) -> None:
            note(*users)
            passed.set()

        monkeypatch.setattr(fanout, "_load", meanwhile)
        monkeypatch.setattr(fanout, "_note_event", noted)
        late = await at.socket()
        late.send("auth", userId="vera", token=at.jwt("vera"))
        assert (await late.until("authenticated"))["unread"] == 1
        assert loads == 2


async def test_while_the_store_does_not_answer_nothing_is_said_of_how_much_is_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        vera = await at.socket(as_="vera")

        async def away(*_: Any) -> int:
            raise Unavailable("away")

        monkeypatch.setattr(at.server.people.fanout, "unread", away)
        assert (await at.json("POST", "/api/v1/notifications", {"title": "x", "user": "vera"}, as_="olga"))[0] == 200
        assert "unread" not in await vera.until("notification")
