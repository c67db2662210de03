"""Presence: all processes that follow the journal have the same table, whatever they missed, and no user who has left
stays in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.domain.presence import GRACE_S, LOST_MS, Status
from dashboard.entries.signals import DirectoryChanged, NodeBeat, NodeLeft, Roster, Signal, UserHere
from dashboard.replica.presence import PresenceTable, UserPresence

GRACE_MS = int(GRACE_S * 1000)


def beat(node: str, version: int, name: str = "") -> NodeBeat:
    fields: dict[str, Any] = {"id": node, "name": name or f"host/{node}", "roster": version}
    for field in NodeBeat.__struct_fields__:
        if field not in fields:
            fields[field] = "" if field in ("build",) else 0
    return NodeBeat(**fields)


def here(user: str, tabs: int = 1, status: Status = "online", since: int = 0, **more: Any) -> UserHere:
    return UserHere(user, user.title(), status, since, tabs, **more)


def gone(user: str) -> UserHere:
    return UserHere(user, "", "offline", 0, 0)


def picture(table: PresenceTable) -> tuple[dict[str, UserPresence | None], dict[str, int]]:
    users = {user: table.get(user) for user in sorted(table.users())}
    return users, {board: table.screens(board) for board in sorted(table.boards())}


class Node:
    """Signals of a process, made as ``presence/tracker.py`` makes them."""

    def __init__(self, name: str, life: int = 1) -> None:
        self.name, self.id = f"host/{name}", f"{name}{life}"
        self.version = 0
        self.people: dict[str, UserHere] = {}
        self.screens: dict[str, int] = {}

    def change(self, user: str, tabs: int, status: Status) -> Roster | None:
        said = here(user, tabs, status, boards=("host",) * tabs, rooms=("ops",)) if tabs else gone(user)
        if said == self.people.get(user) or (not tabs and user not in self.people):
            return None
        self.people[user] = said
        if not tabs:
            del self.people[user]
        self.version += 1
        return Roster(self.id, self.version, False, [said], {})

    def screen(self, board: str, count: int) -> Roster:
        self.screens[board] = count
        if not count:
            del self.screens[board]
        self.version += 1
        return Roster(self.id, self.version, False, [], {board: count})

    def whole(self) -> Roster:
        self.version += 1
        return Roster(self.id, self.version, True, list(self.people.values()), dict(self.screens))

    def beat(self) -> NodeBeat:
        return beat(self.id, self.version, self.name)


@st.composite
def journals(draw: st.DrawFn) -> tuple[list[tuple[int, Signal]], list[Node], int]:
    """Return the signals of three processes over some time (ms), the processes alive at the end, and the time of the end."""
    nodes = {name: Node(name) for name in "xyz"}
    lives = dict.fromkeys("xyz", 1)
    entries: list[tuple[int, Signal]] = [(0, node.whole()) for node in nodes.values()]
    now = 0
    for _ in range(draw(st.integers(0, 25))):
        now += draw(st.sampled_from([0, 1, 500, 3_000]))
        name = draw(st.sampled_from("xyz"))
        act = draw(st.sampled_from(["change", "change", "change", "screen", "beat", "whole", "leave", "die"]))
        node = nodes.get(name)
        if node is None:
            lives[name] += 1
            node = nodes[name] = Node(name, lives[name])
            entries += [(now, node.beat()), (now, node.whole())]
        elif act == "change":
            said = node.change(
                draw(st.sampled_from("abc")), draw(st.integers(0, 2)), draw(st.sampled_from(["online", "away"]))
            )
            if said is not None:
                entries.append((now, said))
        elif act == "screen":
            entries.append((now, node.screen(draw(st.sampled_from(["host", "b"])), draw(st.integers(0, 2)))))
        elif act == "leave":
            entries.append((now, NodeLeft(node.id)))
            del nodes[name]
        elif act == "die":
            del nodes[name]
        else:
            entries.append((now, node.beat() if act == "beat" else node.whole()))
        entries += [(now, each.beat()) for each in nodes.values()]  # they beat more often than anything expires
    return entries, list(nodes.values()), now


def settle(table: PresenceTable, alive: list[Node], now: int) -> None:
    """Let all processes beat, ask for rosters that are not known as a whole, and let silent processes expire."""
    for node in alive:
        table.apply(node.beat(), now)
    for unknown in table.unknown():
        for node in alive:
            if node.id == unknown:
                table.apply(node.whole(), now)
    for node in alive:
        table.apply(node.beat(), now)
    table.expire(now)


@given(journals(), st.data())
def test_processes_agree_whatever_they_have_missed(
    journal: tuple[list[tuple[int, Signal]], list[Node], int], data: st.DataObject
) -> None:
    entries, alive, now = journal
    tables = [PresenceTable(), PresenceTable()]
    for t_ms, signal in entries:
        tables[0].apply(signal, t_ms)
        tables[0].expire(t_ms)
    start = data.draw(st.integers(0, len(entries)))
    lost = data.draw(st.sets(st.integers(0, len(entries))))
    for number, (t_ms, signal) in enumerate(entries):
        if number < start:
            continue
        if number in lost:
            tables[1].doubt()  # as a reader does that meets a hole
        else:
            tables[1].apply(signal, t_ms)
    later = now + LOST_MS + 1  # those that are not alive have been silent for long enough
    for _ in range(2):  # what one is told when the other asks
        for table in tables:
            settle(table, alive, later)
    expected = {user for node in alive for user in node.people}
    for table in tables:
        assert set(table.users()) == expected
        assert table.unknown() == []
    assert picture(tables[0]) == picture(tables[1])
    assert tables[0].boards() == {board for node in alive for board in node.screens}


@given(journals())
def test_when_all_are_silent_nobody_is_left(journal: tuple[list[tuple[int, Signal]], list[Node], int]) -> None:
    entries, _, now = journal
    table = PresenceTable()
    for t_ms, signal in entries:
        table.apply(signal, t_ms)
    before = set(table.users())
    told = table.expire(now + LOST_MS)
    assert picture(table) == ({}, {})
    assert table.unknown() == []
    assert told.users == before


@given(journals())
def test_what_is_told_as_changed_is_all_that_has_changed(
    journal: tuple[list[tuple[int, Signal]], list[Node], int],
) -> None:
    """Otherwise a screen would show a user who has left, or not show one who has come."""
    entries, _, now = journal
    table = PresenceTable()
    shown: dict[str, UserPresence | None] = {}
    screens: dict[str, int] = {}
    for t_ms, signal in [*entries, (now + LOST_MS, DirectoryChanged())]:
        for changed in (table.apply(signal, t_ms), table.expire(t_ms)):
            for user in changed.users:
                shown[user] = table.get(user)
            for board in changed.boards:
                screens[board] = table.screens(board)
        assert {user: presence for user, presence in shown.items() if presence} == picture(table)[0]
        assert {board: count for board, count in screens.items() if count} == picture(table)[1]


def test_a_user_on_two_nodes_is_one_and_is_how_the_liveliest_page_is() -> None:
    table = PresenceTable()
    table.apply(Roster("x", 1, True, [here("a", 1, "away", 5, boards=("host",), rooms=("r",))], {}), 0)
    table.apply(Roster("y", 1, True, [here("a", 2, "online", 7, boards=("b", "host"), rooms=("s",))], {}), 0)
    assert table.get("a") == UserPresence("a", "A", "online", 5, 3, ("b", "host", "host"), frozenset({"r", "s"}))
    table.apply(Roster("y", 2, False, [gone("a")], {}), 1)
    assert table.get("a") == UserPresence("a", "A", "away", 5, 1, ("host",), frozenset({"r"}))
    table.apply(Roster("x", 2, False, [gone("a")], {}), 2)
    assert (table.get("a"), table.users()) == (None, [])


def test_who_was_on_a_node_that_has_left_has_the_grace_to_come_back() -> None:
    table = PresenceTable()
    table.apply(Roster("x", 1, True, [here("a")], {}), 0)
    table.apply(NodeLeft("x"), 1_000)
    assert table.expire(1_000 + GRACE_MS - 1).users == set()
    assert table.expire(1_000 + GRACE_MS).users == {"a"}


def test_who_comes_back_elsewhere_within_the_grace_was_never_away() -> None:
    table = PresenceTable()
    table.apply(Roster("x", 1, True, [here("a")], {}), 0)
    table.apply(NodeLeft("x"), 1_000)
    table.apply(Roster("y", 1, True, [here("a")], {}), 2_000)
    seen = [table.get("a")]
    table.expire(1_000 + GRACE_MS)
    assert all(presence is not None for presence in (*seen, table.get("a")))


def test_a_new_life_of_a_process_takes_the_place_of_the_old() -> None:
    table = PresenceTable()
    table.apply(beat("x1", 0, "host/1"), 0)
    table.apply(Roster("x1", 1, True, [here("a")], {"host": 2}), 0)
    for t_ms in range(1_000, 1_000 + GRACE_MS + 1, 500):
        table.apply(beat("x2", 0, "host/1"), t_ms)
        table.expire(t_ms)
    assert picture(table) == ({}, {})


def test_a_silent_node_loses_its_people_in_less_than_fifteen_seconds() -> None:
    assert LOST_MS < 15_000
    table = PresenceTable()
    table.apply(Roster("x", 1, True, [here("a")], {}), 0)
    table.apply(beat("x", 1), 500)
    assert table.expire(500 + LOST_MS - 1).users == set()
    assert table.expire(500 + LOST_MS).users == {"a"}


def test_what_a_whole_roster_does_not_name_any_more_is_told_as_changed() -> None:
    """The signal about the former users may have been lost."""
    table = PresenceTable()
    table.apply(Roster("x", 1, True, [here("a", boards=("c",))], {"host": 2, "b": 1}), 0)
    changed = table.apply(Roster("x", 9, True, [], {"b": 1}), 1)
    assert (changed.users, changed.boards >= {"host", "c"}) == ({"a"}, True)
    assert picture(table) == ({}, {"b": 1})


def test_a_hole_in_what_a_node_says_is_noticed_and_a_whole_roster_heals_it() -> None:
    table = PresenceTable()
    table.apply(Roster("x", 1, True, [here("a"), here("b")], {"host": 1}), 0)
    table.apply(Roster("x", 3, False, [here("c")], {}), 1)
    assert table.unknown() == ["x"]
    table.apply(Roster("x", 4, True, [here("c")], {}), 2)
    assert (table.unknown(), sorted(table.users()), table.screens("host")) == ([], ["c"], 0)
    table.apply(beat("x", 5), 3)
    assert table.unknown() == ["x"]
