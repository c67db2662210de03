from __future__ import annotations

import asyncio

import pytest

from dashboard.rfc6455.close_codes import CloseCode
from tests.support.nodes import a_journal, until
from tests.support.pages import Process

pytestmark = pytest.mark.gen_test


def here(process: Process) -> list[str]:
    return sorted(each.user for each in process.presence.people())


async def test_people_are_known_on_every_process_with_their_boards_and_rooms() -> None:
    journal = a_journal()
    here_, there = Process(journal, "a"), Process(journal, "b")
    async with here_.running(), there.running():
        here_.page("ann", "wall", room="ops")
        there.page("ann", "host")
        there.page("bob")
        await until(lambda: here(here_) == here(there) == ["ann", "bob"] and here_.presence.tabs("ann") == 2)
        ann = next(each for each in here_.presence.people() if each.user == "ann")
    assert (ann.name, ann.status, ann.tabs, ann.boards, set(ann.rooms)) == (
        "Ann",
        "online",
        2,
        ("host", "wall"),
        {"ops"},
    )
    assert ann.since_ms == 7_000


async def test_a_process_that_comes_later_learns_who_is_there() -> None:
    journal = a_journal()
    first = Process(journal, "a")
    async with first.running():
        first.page("ann")
        await until(lambda: here(first) == ["ann"])
        second = Process(journal, "b")
        async with second.running():
            await until(lambda: here(second) == ["ann"])


async def test_whoever_says_that_they_leave_is_gone() -> None:
    process = Process(a_journal())
    async with process.running():
        page = process.page("ann", room="ops")
        await until(lambda: here(process) == ["ann"])
        process.close(page, CloseCode.NORMAL)
        await until(lambda: here(process) == [])


async def test_a_page_that_is_lost_is_kept_for_a_while() -> None:
    process = Process(a_journal())
    async with process.running():
        page = process.page("ann", "wall", room="ops")
        await until(lambda: here(process) == ["ann"])
        process.close(page, CloseCode.ABNORMAL)
        process.page("bob")
        await until(lambda: "bob" in here(process))
        assert here(process) == ["ann", "bob"]
        process.now_s += 60
        await until(lambda: here(process) == ["bob"])


async def test_a_room_that_is_left_is_left_also_by_what_became_of_older_pages() -> None:
    process = Process(a_journal())
    async with process.running():
        process.close(process.page("ann", room="ops"), CloseCode.ABNORMAL)
        page = process.page("ann", room="ops")
        await until(lambda: [set(each.rooms) for each in process.presence.people()] == [{"ops"}])
        process.registry.leave(page, "ops")
        process.presence.left(page, "ops")
        await until(lambda: [set(each.rooms) for each in process.presence.people()] == [set()])


async def test_a_status_is_shown_and_whoever_hides_is_not_here() -> None:
    process = Process(a_journal())
    async with process.running():
        page = process.page("ann")
        page.status = "away"
        process.presence.changed(page)
        await until(lambda: [each.status for each in process.presence.people()] == ["away"])
        page.status = "offline"
        process.presence.changed(page)
        await until(lambda: here(process) == [])


async def test_screens_without_a_person_are_counted_until_they_have_one() -> None:
    process = Process(a_journal())
    async with process.running():
        process.page("", "wall")
        becomes = process.page("", "wall")
        await until(lambda: process.presence.table.screens("wall") == 2)
        process.presence.authenticated(becomes)
        process.presence.changed(process.page("ann"))
        await until(lambda: process.presence.table.screens("wall") == 1)


async def test_a_page_that_is_another_users_now_is_not_the_first_ones() -> None:
    process = Process(a_journal())
    async with process.running():
        page = process.page("ann")
        await until(lambda: here(process) == ["ann"])
        process.registry.remove_user(page)
        process.presence.released("ann")
        await until(lambda: here(process) == [])


async def test_the_pages_of_a_user_is_count_confirmed_while_all_who_have_some_answer() -> None:
    journal = a_journal()
    one, other = Process(journal, "a"), Process(journal, "b")
    async with one.running():
        async with other.running():
            other.page("ann")
            await until(lambda: one.presence.tabs("ann") == 1)
            assert await one.presence.is_count_confirmed("ann")
            assert not await one.presence.is_count_confirmed("ann")  # asked again at once: nobody knows
        one.now_s += 10
        asked = asyncio.ensure_future(one.presence.is_count_confirmed("ann"))
        assert not await asked
