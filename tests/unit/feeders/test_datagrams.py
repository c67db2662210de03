from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.feeders import datagrams
from dashboard.feeders.datagrams import DatagramReader, bind_udp, bind_unix, pieces_of_lines
from tests.support.nodes import until

pytestmark = pytest.mark.gen_test


class Taken:
    def __init__(self) -> None:
        self.datagrams: list[bytes] = []
        self.bursts: list[int] = []

    def begin(self) -> Callable[[bytes], None]:
        return self.datagrams.append


async def test_what_is_sent_is_read_in_bursts() -> None:
    made = await bind_udp("127.0.0.1", 0)
    taken = Taken()
    reader = DatagramReader(made, taken.begin, taken.bursts.append, max_bytes=100)
    reader.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(50):
            sender.sendto(b"m%d" % number, made.getsockname())
        await until(lambda: len(taken.datagrams) == 50)
    reader.close()
    assert taken.datagrams == [b"m%d" % number for number in range(50)]
    assert sum(taken.bursts) == 50
    assert made.fileno() == -1


async def test_a_long_datagram_is_read_in_pieces_between_which_other_tasks_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "_BURST_S", 0.0)  # each piece takes longer than a burst may last
    made, lines = await bind_udp("127.0.0.1", 0), b"\n".join(b"m%d:1|c" % number for number in range(2_000))
    taken, begun = Taken(), list[int]()

    def begin() -> Callable[[bytes], None]:
        begun.append(len(taken.datagrams))
        return taken.begin()

    reader = DatagramReader(made, begin, taken.bursts.append, max_bytes=65_536)
    reader.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(lines, made.getsockname())
    await until(lambda: b"\n".join(taken.datagrams) == lines)
    reader.close()
    assert max(map(len, taken.datagrams)) <= 4_096
    assert taken.bursts == [1, *[0] * (len(taken.datagrams) - 1)]  # after each burst its lines are counted
    assert begun[: len(taken.datagrams)] == list(range(len(taken.datagrams)))  # one piece a burst


def test_a_line_that_is_longer_than_a_piece_stays_whole() -> None:
    assert [*pieces_of_lines(b"a\nbb\n" + b"c" * 9 + b"\nd\n", 5)] == [b"a\nbb", b"c" * 9, b"d\n"]
    assert [*pieces_of_lines(b"c" * 9, 5)] == [b"c" * 9]


async def test_what_the_kernel_still_holds_is_taken_at_the_end() -> None:
    made = await bind_udp("127.0.0.1", 0)
    taken = Taken()
    reader = DatagramReader(made, taken.begin, taken.bursts.append, max_bytes=100)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(5):
            sender.sendto(b"x", made.getsockname())
    reader.drain()
    assert taken.datagrams == [b"x"] * 5
    reader.close()


async def test_the_rest_of_a_long_datagram_is_taken_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "_BURST_S", 0.0)
    monkeypatch.setattr(datagrams, "_LAST_BURSTS", 2)
    made, lines = await bind_udp("127.0.0.1", 0), b"\n".join(b"m%d:1|c" % number for number in range(2_000))
    taken = Taken()
    reader = DatagramReader(made, taken.begin, taken.bursts.append, max_bytes=65_536)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(lines, made.getsockname())
    reader.drain()
    assert b"\n".join(taken.datagrams) == lines
    reader.close()


async def test_datagrams_that_did_not_fit_are_counted() -> None:
    made = await bind_udp("127.0.0.1", 0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader = DatagramReader(made, Taken().begin, lambda count: None, max_bytes=100)
    assert reader.drops() == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(500):
            sender.sendto(b"x" * 1_000, made.getsockname())
    assert reader.drops() > 0
    assert reader.drops() == 0
    reader.close()


async def test_a_path_is_listened_on_in_the_place_of_a_socket_that_was_left_there(tmp_path: Path) -> None:
    path = tmp_path / "statsd.sock"
    bind_unix(str(path)).close()
    made = bind_unix(str(path))
    taken = Taken()
    reader = DatagramReader(made, taken.begin, taken.bursts.append, max_bytes=100)
    reader.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"hello", str(path))
    await until(lambda: taken.datagrams == [b"hello"])
    reader.close()
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        bind_unix(str(tmp_path / "file"))
