from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.node import Node, NodeBeat, NodeLeft
from dashboard.entries.signals import decode_signal, encode_signal
from dashboard.journal.port import Entry
from dashboard.replica.nodes import NodeTable

T0 = 1_795_000_000_000


def beat(seq: int, t_ms: int, node: str, viewers: float = 0) -> Entry:
    said = NodeBeat(node, f"name of {node}", T0, "build", 0, {"viewers": viewers})
    return Entry(seq, t_ms, encode_signal(said))


def apply(table: NodeTable, entry: Entry) -> list[Node]:
    return table.apply(entry.t_ms, decode_signal(entry.payload))


def names(table: NodeTable) -> list[str]:
    return sorted(table.nodes)


def test_a_node_is_there_while_it_beats_and_gone_when_it_says_so() -> None:
    table = NodeTable()
    apply(table, beat(1, T0, "a", 2))
    apply(table, beat(2, T0 + 1_000, "b", 3))
    assert names(table) == ["a", "b"]
    assert table.total("viewers") == 5
    apply(table, Entry(3, T0 + 2_000, encode_signal(NodeLeft("a"))))
    assert names(table) == ["b"]
    assert table.total("viewers") == 3


def test_a_node_that_is_silent_for_15_seconds_of_the_journals_time_is_gone_with_its_viewers() -> None:
    table = NodeTable()
    apply(table, beat(1, T0, "a", 7))
    for second in range(5, 15, 5):
        assert apply(table, beat(second, T0 + second * 1_000, "b")) == []
    assert apply(table, beat(14, T0 + 14_999, "b")) == []
    (silent,) = apply(table, beat(15, T0 + 15_000, "b"))
    assert silent.beat.id == "a"
    assert table.total("viewers") == 0


def test_a_clock_that_is_set_back_makes_nobody_disappear_and_silence_is_noticed_all_the_same() -> None:
    table = NodeTable()
    apply(table, beat(1, T0, "a"))
    apply(table, beat(2, T0, "b"))
    back = T0 - 3_600_000
    for second in range(5, 15, 5):
        assert apply(table, beat(2 + second, back + second * 1_000, "a")) == []
    assert names(table) == ["a", "b"]
    gone = [node.beat.id for s in range(15, 30, 5) for node in apply(table, beat(2 + s, back + s * 1_000, "a"))]
    assert gone == ["b"]


def test_a_time_in_which_nobody_said_anything_is_nobodys_silence_for_who_was_there() -> None:
    table = NodeTable()
    for entry in (beat(1, T0, "a"), beat(2, T0 + 1_000, "b"), beat(3, T0 + 5_000, "a")):
        assert table.apply(entry.t_ms, decode_signal(entry.payload), attended=True) == []
    woken = T0 + 3_600_000
    gone = []
    for second in range(0, 20, 5):
        entry = beat(4 + second, woken + second * 1_000, "a")
        gone += [(second, n.beat.id) for n in table.apply(entry.t_ms, decode_signal(entry.payload), attended=True)]
    assert gone == [(15, "b")]


def test_what_is_not_a_signal_is_counted() -> None:
    table = NodeTable()
    for payload in (b"", b"\xff", b"\x93\xa1x\x01\x02", b"\xc1" * 9):
        apply(table, Entry(1, T0, payload))
    assert table.broken == 4
    assert table.nodes == {}


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-20_000, 20_000), st.sampled_from("abc"), st.booleans()), max_size=40))
def test_all_processes_decide_alike_whatever_the_clock_does(steps: list[tuple[int, str, bool]]) -> None:
    one, other = NodeTable(), NodeTable()
    t, entries = T0, []
    for seq, (step, node, leaves) in enumerate(steps, 1):
        t += step
        entries.append(Entry(seq, t, encode_signal(NodeLeft(node))) if leaves else beat(seq, t, node))
    decided = [[(n.beat.id, seq) for seq, e in enumerate(entries) for n in apply(table, e)] for table in (one, other)]
    assert decided[0] == decided[1]
    assert names(one) == names(other)
