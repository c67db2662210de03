from __future__ import annotations

from typing import Any

import pytest

from dashboard.domain.counters import Counters
from dashboard.entries.signals import NodeBeat, Roster, UserHere
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.presence.notices import PresenceNotices, person_of
from dashboard.replica.presence import PresenceTable, UserPresence
from tests.support.hubs import Viewer, connect, person
from tests.support.nodes import at_work, until

pytestmark = pytest.mark.gen_test


class Stand:
    """Table that one node's rosters fill, and pages that get notices."""

    def __init__(self) -> None:
        self.registry = ConnectionRegistry()
        self.table = PresenceTable()
        self.counters = Counters()
        self.notices = PresenceNotices(self.registry, self.table, self.counters)
        self.version = 0
        self.table.apply(NodeBeat("n", "n", 0, "", 0, {}), 0)

    def page(self, user: str, room: str = "", board: str = "") -> tuple[Connection, Viewer]:
        viewer = Viewer()
        connection = connect(viewer, person(user))
        self.registry.add_user(connection)
        if room:
            self.registry.join(connection, room)
        if board:
            self.registry.watch(connection, frozenset({board}))
        return connection, viewer

    def here(self, *people: UserHere, screens: dict[str, int] | None = None) -> None:
        self.version += 1
        roster = Roster("n", self.version, self.version == 1, list(people), screens or {})
        self.notices.soon(self.table.apply(roster, 0))


def user(name: str, tabs: int = 1, **more: Any) -> UserHere:
    return UserHere(name, name.title(), more.pop("status", "online"), 0, tabs, **more)


async def test_the_others_are_told_who_comes_is_shown_otherwise_and_goes() -> None:
    stand = Stand()
    _, own = stand.page("ann")
    _, other = stand.page("bob")
    async with at_work(stand.notices.run):
        stand.here(user("ann"))
        await until(lambda: other.kinds() == ["user_online"])
        stand.here(user("ann", status="away"))
        await until(lambda: other.kinds() == ["user_online", "user_update"])
        stand.here(user("ann", tabs=0))
        await until(lambda: other.kinds() == ["user_online", "user_update", "user_offline"])
    assert own.told == []
    assert other.told[1]["user"] == {"id": "ann", "name": "Ann", "status": "away"}
    assert stand.counters.presence_changes == 3


async def test_whoever_hides_has_gone_for_the_others() -> None:
    stand = Stand()
    _, other = stand.page("bob")
    async with at_work(stand.notices.run):
        stand.here(user("ann"))
        await until(lambda: other.kinds() == ["user_online"])
        stand.here(user("ann", status="offline"))
        await until(lambda: other.kinds() == ["user_online", "user_offline"])


async def test_those_in_a_room_are_told_who_joins_and_leaves_it() -> None:
    stand = Stand()
    _, inside = stand.page("bob", room="ops")
    _, outside = stand.page("cid")
    async with at_work(stand.notices.run):
        stand.here(user("ann", rooms=("ops",)))
        await until(lambda: "user_joined" in inside.kinds())
        stand.here(user("ann"))
        await until(lambda: "user_left" in inside.kinds())
    assert outside.kinds() == ["user_online"]
    assert inside.told[1]["roomId"] == "ops"


async def test_many_changes_are_one_message() -> None:
    stand = Stand()
    _, viewer = stand.page("zoe")
    async with at_work(stand.notices.run):
        stand.here(*(user(f"u{number}") for number in range(30)))
        await until(lambda: bool(viewer.told))
    (told,) = viewer.told
    assert (told["type"], len(told["online"])) == ("users_changed", 30)


async def test_people_who_have_a_board_open_are_told_who_else_has() -> None:
    stand = Stand()
    _, watching = stand.page("bob", board="wall")
    _, elsewhere = stand.page("cid")
    async with at_work(stand.notices.run):
        stand.here(user("ann", boards=("wall",)), screens={"wall": 2})
        stand.notices.board_soon("wall")
        await until(lambda: "watchers" in watching.kinds())
    told = next(each for each in watching.told if each["type"] == "watchers")
    assert (told["board"], [each["id"] for each in told["people"]], told["total"], told["screens"]) == (
        "wall",
        ["ann"],
        1,
        2,
    )
    assert "watchers" not in elsewhere.kinds()


async def test_a_person_is_shown_by_id_name_and_status() -> None:
    shown = person_of(UserPresence("ann", "Ann", "away", 0, 1, (), frozenset()))
    assert (shown.id, shown.name, shown.status) == ("ann", "Ann", "away")
