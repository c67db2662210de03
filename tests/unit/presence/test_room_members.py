from __future__ import annotations

import pytest

from dashboard.entries.signals import NodeBeat, Roster, UserHere
from dashboard.presence import room_members
from dashboard.presence.room_members import RoomMembers
from dashboard.replica.presence import PresenceTable
from tests.support.hubs import connect, person


def here(user: str, *rooms: str, since_ms: int = 0, status: str = "online", tabs: int = 1) -> UserHere:
    return UserHere(user, user.title(), status, since_ms, tabs, (), rooms)  # type: ignore[arg-type]


class Table(PresenceTable):
    def __init__(self) -> None:
        super().__init__()
        self.version = 1
        self.read = 0
        self.apply(NodeBeat("n", "n", 0, "", 0, {}, 1), 0)
        self.apply(Roster("n", 1, True, [], {}), 0)

    def tell(self, *people: UserHere) -> None:
        self.version += 1
        self.apply(Roster("n", self.version, False, list(people), {}), 0)

    def get(self, user: str):  # type: ignore[no-untyped-def]  # counts the reads
        self.read += 1
        return super().get(user)


def ids(members: RoomMembers, user: str, *others: str) -> list[str]:
    own = connect(caller=person(user))
    return [each.id for each in members.listing("ops", own, [connect(caller=person(name)) for name in others]).items()]


def test_one_is_first_and_the_others_follow_by_their_time() -> None:
    table = Table()
    members = RoomMembers(table)
    table.tell(here("bob", "ops", since_ms=2), here("ann", "ops", since_ms=3), here("cid", "dev"))
    assert ids(members, "ann") == ["ann", "bob"]
    assert ids(members, "olga") == ["olga", "bob", "ann"]
    table.tell(here("cid", "dev", "ops", since_ms=1), here("bob", "ops", status="offline"), here("ann", tabs=0))
    assert ids(members, "olga") == ["olga", "cid"]


def test_connections_that_the_table_does_not_know_yet_are_listed_last() -> None:
    table = Table()
    members = RoomMembers(table)
    table.tell(here("bob", "ops"))
    assert ids(members, "olga", "eve", "bob", "eve", "olga") == ["olga", "bob", "eve"]


def test_a_list_is_made_once_for_all_who_join_until_the_room_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_members, "_MAX_MEMBERS", 3)
    table = Table()
    members = RoomMembers(table)
    table.tell(*(here(f"u{number}", "ops", since_ms=number) for number in range(6)))
    assert [ids(members, user) for user in ("u0", "u5", "new")] == [
        ["u0", "u1", "u2"],
        ["u5", "u0", "u1"],
        ["new", "u0", "u1"],
    ]
    assert table.read == 6
    table.tell(here("x", "dev"))
    ids(members, "u0")
    assert table.read == 6
    table.tell(here("u3", "ops", status="away"))
    ids(members, "u0")
    assert table.read == 12
