from __future__ import annotations

import pytest

from dashboard.domain.counters import Counters
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


class Shouting(Viewer):
    """Viewer of another protocol, whose messages are translated."""

    class Capitals:
        def __init__(self) -> None:
            self.asked = 0

        def wire(self, body: bytes) -> bytes:
            self.asked += 1
            return b"" if b"secret" in body else body.upper()

        def answer(self, *_: object) -> bytes:
            raise AssertionError

    def __init__(self, dialect: Capitals) -> None:
        super().__init__()
        self.dialect = dialect  # type: ignore[assignment]
        self.frames: list[bytes] = []

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)


@pytest.mark.gen_test
async def test_a_message_is_translated_once_for_all_who_share_a_translation() -> None:
    counters, dialect = Counters(), Shouting.Capitals()
    shouting, plain = [Shouting(dialect) for _ in range(3)], Viewer()
    await ConnectionRegistry(counters).broadcast(
        map(connect, [*shouting, plain]), b'{"type":"a"}', b'{"type":"secret"}'
    )
    assert [viewer.frames for viewer in shouting] == [[b'{"TYPE":"A"}']] * 3
    assert (dialect.asked, plain.kinds()) == (2, ["a", "secret"])
    assert counters.bytes_sent == 3 * 12 + 2 + 12 + 2 + 17


@pytest.mark.gen_test
async def test_whoever_does_not_read_is_left_behind_or_closed_and_the_others_are_served() -> None:
    slow, stalled, last = Viewer(), Viewer(may_end=True), Viewer()
    slow.writing = stalled.writing = True
    stalled.buffered = 1 << 30
    await ConnectionRegistry().broadcast(map(connect, [slow, stalled, last]), b'{"type":"a"}')
    assert (slow.kinds(), stalled.kinds(), stalled.ended, last.kinds()) == (["a"], [], "dropped", ["a"])
