from __future__ import annotations

import pytest

from dashboard.hub.registry import ConnectionRegistry
from tests.support.hubs import Viewer, connect, person


def test_a_users_connections_are_found_while_they_are_there() -> None:
    registry = ConnectionRegistry()
    first, second, other = connect(caller=person("ann")), connect(caller=person("ann")), connect(caller=person("bob"))
    for connection in (first, second, other):
        registry.add_user(connection)
    assert set(registry.connections_of("ann")) == {first, second}
    assert registry.people == {first, second, other}
    assert sorted(registry.users()) == ["ann", "bob"]
    registry.remove_user(first)
    assert set(registry.connections_of("ann")) == {second}
    registry.remove_user(second)
    assert (list(registry.connections_of("ann")), registry.users(), registry.people) == ([], ["bob"], {other})


def test_a_room_is_known_while_somebody_hears_it() -> None:
    registry = ConnectionRegistry()
    one, two = connect(caller=person("ann")), connect(caller=person("bob"))
    registry.join(one, "ops")
    registry.join(two, "ops")
    registry.join(two, "dev")
    assert set(registry.in_room("ops")) == {one, two}
    assert (one.rooms, two.rooms) == ({"ops"}, {"ops", "dev"})
    registry.leave(two, "dev")
    assert (registry.rooms(), list(registry.in_room("dev"))) == (["ops"], [])
    registry.leave(two, "never joined")


def test_who_goes_hears_no_room_any_more() -> None:
    registry = ConnectionRegistry()
    connection = connect(caller=person("ann"))
    registry.add_user(connection)
    registry.join(connection, "ops")
    registry.remove_user(connection)
    assert (registry.rooms(), connection.rooms) == ([], set())


def test_a_connection_is_found_by_the_boards_that_it_has_open() -> None:
    registry = ConnectionRegistry()
    connection = connect()
    assert registry.watch(connection, frozenset({"wall", "host"})) == frozenset()
    assert list(registry.watching("wall")) == list(registry.watchers()) == [connection]
    assert registry.watch(connection, frozenset({"host"})) == {"wall", "host"}
    assert list(registry.watching("wall")) == []
    assert registry.watch(connection, frozenset()) == {"host"}
    assert (list(registry.watching("host")), list(registry.watchers())) == ([], [])


@pytest.mark.gen_test
async def test_all_are_told_the_same_in_order() -> None:
    viewers = [Viewer() for _ in range(450)]
    await ConnectionRegistry().broadcast(map(connect, viewers), b'{"type":"a"}', b'{"type":"b"}')
    assert all(viewer.kinds() == ["a", "b"] for viewer in viewers)
