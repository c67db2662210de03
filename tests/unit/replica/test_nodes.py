from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.entries.signals import NodeBeat, NodeLeft
from dashboard.replica.nodes import Node, NodeTable
from dashboard.replica.signal_time import SignalTime

T0 = 1_795_000_000_000


class Heard:
    """Table with the time that it uses."""

    def __init__(self) -> None:
        self.table = NodeTable()
        self.time = SignalTime()

    def hear(self, t_ms: int, signal: NodeBeat | NodeLeft, *, attended: bool = False) -> list[Node]:
        return self.table.apply(signal, t_ms=t_ms, passed_ms=self.time.advance(t_ms, attended=attended))


def beat(node: str, viewers: float = 0) -> NodeBeat:
    return NodeBeat(node, f"name of {node}", T0, "build", 0, {"viewers": viewers})


def names(heard: Heard) -> list[str]:
    return sorted(heard.table.nodes)


def test_a_node_is_there_while_it_beats_and_gone_when_it_says_so() -> None:
    heard = Heard()
    heard.hear(T0, beat("a", 2))
    heard.hear(T0 + 1_000, beat("b", 3))
    assert names(heard) == ["a", "b"]
    assert heard.table.total("viewers") == 5
    heard.hear(T0 + 2_000, NodeLeft("a"))
    assert names(heard) == ["b"]
    assert heard.table.total("viewers") == 3


def test_a_node_that_is_silent_for_15_seconds_of_the_journals_time_is_gone_with_its_viewers() -> None:
    heard = Heard()
    heard.hear(T0, beat("a", 7))
    for second in range(5, 15, 5):
        assert heard.hear(T0 + second * 1_000, beat("b")) == []
    assert heard.hear(T0 + 14_999, beat("b")) == []
    (silent,) = heard.hear(T0 + 15_000, beat("b"))
    assert silent.beat.id == "a"
    assert heard.table.total("viewers") == 0


def test_a_clock_that_is_set_back_makes_nobody_disappear_and_silence_is_noticed_all_the_same() -> None:
    heard = Heard()
    heard.hear(T0, beat("a"))
    heard.hear(T0, beat("b"))
    back = T0 - 3_600_000
    for second in range(5, 15, 5):
        assert heard.hear(back + second * 1_000, beat("a")) == []
    assert names(heard) == ["a", "b"]
    gone = [node.beat.id for s in range(15, 30, 5) for node in heard.hear(back + s * 1_000, beat("a"))]
    assert gone == ["b"]


def test_a_time_in_which_nobody_said_anything_is_nobodys_silence_for_who_was_there() -> None:
    heard = Heard()
    for t_ms, node in ((T0, "a"), (T0 + 1_000, "b"), (T0 + 5_000, "a")):
        assert heard.hear(t_ms, beat(node), attended=True) == []
    woken = T0 + 3_600_000
    gone = []
    for second in range(0, 20, 5):
        silent = heard.hear(woken + second * 1_000, beat("a"), attended=True)
        gone += [(second, node.beat.id) for node in silent]
    assert gone == [(15, "b")]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-20_000, 20_000), st.sampled_from("abc"), st.booleans()), max_size=40))
def test_all_processes_decide_alike_whatever_the_clock_does(steps: list[tuple[int, str, bool]]) -> None:
    one, other = Heard(), Heard()
    t = T0
    entries: list[tuple[int, NodeBeat | NodeLeft]] = []
    for step, node, leaves in steps:
        t += step
        entries.append((t, NodeLeft(node) if leaves else beat(node)))
    decided = [[(n.beat.id, at) for at, e in enumerate(entries) for n in each.hear(*e)] for each in (one, other)]
    assert decided[0] == decided[1]
    assert names(one) == names(other)


def test_nodes_whose_names_differ_before_the_workers_number_are_on_several_machines() -> None:
    heard = Heard()
    for number, name in enumerate(("one/1", "one/2", "two/1")):
        heard.hear(T0, NodeBeat(str(number), name, T0, "build", 0, {}))
        assert heard.table.on_one_machine() is (number < 2)
