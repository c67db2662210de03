"""Presence: connected users with their boards and rooms, sent at once to those who may see it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from dashboard.entries.signals import AskRoster
from tests.support.deadline import deadline, enough
from tests.support.site import site

pytestmark = pytest.mark.gen_test


async def test_who_is_connected_is_told(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        watching = await at.socket(as_="olga")
        socket = await at.socket(as_="vera")
        await watching.until("user_online", user={"id": "vera", "name": "Vera", "status": "online"})
        people = (await at.json("GET", "/api/v1/presence", as_="olga"))[1]["users"]
        assert {each["id"]: each["tabs"] for each in people} == {"olga": 1, "vera": 1}
        socket.connection.close(1000)
        await watching.until("user_offline")
        assert [each["id"] for each in (await at.json("GET", "/api/v1/presence", as_="olga"))[1]["users"]] == ["olga"]


async def test_who_is_where_is_told_as_far_as_the_asker_may_see_it(tmp_path: Path) -> None:
    async with site(tmp_path, private_boards=("host",)) as at:
        ada, vera, eddy = [await at.socket(as_=name) for name in ("ada", "vera", "eddy")]
        await ada.ask("watch", board="host")
        for room in ("secret", "ops"):
            assert (await ada.ask("join_room", roomId=room))["type"] == "joined"
        for asker, boards, rooms in (
            (vera, [], ["ops", "secret"]),  # a member of secret
            (eddy, [], ["ops"]),
            (ada, ["host"], ["ops", "secret"]),
        ):
            async with deadline(20):
                while True:
                    users = {each["id"]: each for each in (await asker.ask("users"))["users"]}
                    if "ada" in users and len(users["ada"]["rooms"]) == len(rooms):
                        break
                    await asyncio.sleep(0.01)
            assert (users["ada"]["rooms"], [each["board"] for each in users["ada"]["screens"]]) == (rooms, boards)
        listed = (await at.json("GET", "/api/v1/presence", as_="olga"))[1]["users"]
        assert next(each["rooms"] for each in listed if each["id"] == "ada") == ["ops"]


async def test_who_joins_is_told_of_who_has_just_joined_and_since_when_people_are_here_stays(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera, olga = await at.socket(as_="vera"), await at.socket(as_="olga")
        assert (await vera.ask("join_room", roomId="ops"))["type"] == "joined"
        members = (await olga.ask("join_room", roomId="ops"))["members"]
        assert sorted(each["id"] for each in members) == ["olga", "vera"]
        async with deadline(20):
            while len(before := (await olga.ask("users"))["users"]) < 2:
                await asyncio.sleep(0.01)
        told = at.server.people.presence._wholes.total()
        await asyncio.sleep(0.01)  # so that now is later than when they came
        await at.server.cluster.bus.publish(AskRoster(""))
        async with deadline(20):
            while at.server.people.presence._wholes.total() == told:
                await asyncio.sleep(0.01)
        users = (await olga.ask("users"))["users"]
        assert {each["id"]: each["since"] for each in users} == {each["id"]: each["since"] for each in before}


async def test_who_leaves_has_left_at_once_though_a_page_of_theirs_has_just_crashed(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        watching = await at.socket(as_="olga")
        crashed, page = await at.socket(as_="vera"), await at.socket(as_="vera")
        for each in (watching, crashed, page):
            assert (await each.ask("join_room", roomId="ops"))["type"] == "joined"
        await watching.until("user_joined")
        crashed.connection.stream.close()
        async with deadline(20):
            while not at.server.people.presence._lost:
                await asyncio.sleep(0.01)
        assert (await page.ask("leave_room", roomId="ops"))["type"] == "left"
        async with deadline(3):
            await watching.until("user_left")


@pytest.mark.parametrize("ending", ["closes", "logs out"])
async def test_who_came_back_and_leaves_has_left_though_an_earlier_page_was_lost(ending: str, tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        watching, crashed = await at.socket(as_="olga"), await at.socket(as_="vera")
        await watching.until("user_online")
        crashed.connection.stream.close()
        async with deadline(20):
            while not at.server.people.presence._lost:
                await asyncio.sleep(0.01)
        returned = await at.socket(as_="vera")
        if ending == "closes":
            returned.connection.close(1000)
        else:
            assert (await at.fetch("PATCH", "/api/v1/users/vera", {"disabled": True}, as_="ada")).code == 200
            assert await returned.end() == 4503
        async with deadline(3):
            await watching.until("user_offline")


async def test_what_a_page_that_may_return_had_stays_when_another_that_was_there_closes(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        other, lost = await at.socket(as_="vera"), await at.socket(as_="vera")
        lost.connection.stream.close()
        async with deadline(20):
            while not at.server.people.presence._lost:
                await asyncio.sleep(0.01)
        other.connection.close(1000)
        async with deadline(20):
            while at.server.cluster.registry.connections:
                await asyncio.sleep(0.01)
        assert list(at.server.people.presence._lost) == ["vera"]


async def test_who_changes_without_end_is_told_of_now_and_then_and_at_the_end_rightly(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        watching, restless = await at.socket(as_="olga"), await at.socket(as_="vera")
        await watching.until("user_online")
        await watching.ask("users")
        began_s, changes, told = time.monotonic(), 40, 0
        for number in range(changes):
            restless.send("presence", status=("away", "online")[number % 2])
            await asyncio.sleep(0.12)  # longer than changes are gathered
        restless.send("presence", status="offline")
        async with deadline(20):
            while (message := await watching.read()) is not None and message["type"] != "user_offline":
                told += message["type"] == "user_update"
        enough(told, 6, "changes were told")
        assert told <= 10 + 2 * (time.monotonic() - began_s) + 2


async def test_who_was_sent_away_for_good_is_offline_at_once(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        watching, page = await at.socket(as_="olga"), await at.socket(as_="vera")
        await watching.until("user_online")
        assert (await at.fetch("PATCH", "/api/v1/users/vera", {"disabled": True}, as_="ada")).code == 200
        assert await page.end() == 4503
        async with deadline(3):
            await watching.until("user_offline")


async def test_a_page_that_becomes_another_persons_leaves_nobody_behind(tmp_path: Path) -> None:
    """On a machine that needs no login: the page belongs first to the person at the machine, then to the user who logs in."""
    async with site(tmp_path, login="auto") as at:
        page = await at.fetch("GET", "/")
        watching = await at.socket(as_="olga")
        socket = await at.socket({"Cookie": page.headers["Set-Cookie"].partition(";")[0]})
        assert (await socket.until("authenticated"))["user"]["id"] == "operator"
        await watching.until("user_online", user={"id": "operator", "name": "Operator", "status": "online"})
        assert (await socket.ask("auth", userId="vera", token=at.jwt("vera")))["user"]["id"] == "vera"
        async with deadline(20):
            await watching.until("user_offline")
        users = (await watching.ask("users"))["users"]
        assert sorted(each["id"] for each in users) == ["olga", "vera"]
