from __future__ import annotations

from random import Random

from dashboard.domain.selector import parse_selector
from dashboard.domain.series import SeriesKey, parse_series
from dashboard.index.series_index import SeriesIndex
from dashboard.query.matching import Matching


class Item:
    def __init__(self, text: str) -> None:
        self.text = text
        self.key: SeriesKey = parse_series(text)


SELECTORS = [parse_selector(text) for text in ("cpu", '{host="a"}', 'mem{host=~"a|b"}')]


def shown(matching: Matching[Item]) -> list[tuple[str, list[int]]]:
    return [(item.text, matching.places[item]) for item in matching.members]


def test_members_are_in_the_order_of_their_texts_with_the_selectors_that_want_them() -> None:
    index: SeriesIndex[Item] = SeriesIndex()
    for text in ('mem{host="b"}', 'cpu{host="a"}', "cpu", 'mem{host="c"}', 'disk{host="a"}'):
        index.add(Item(text))
    assert shown(Matching(index, SELECTORS)) == [
        ("cpu", [0]), ('cpu{host="a"}', [0, 1]), ('disk{host="a"}', [1]), ('mem{host="b"}', [2]),
    ]  # fmt: skip


def test_a_listener_is_told_once_after_each_time_that_it_was_armed() -> None:
    index: SeriesIndex[Item] = SeriesIndex()
    told: list[str] = []
    one = Matching(index, SELECTORS[:2], lambda: told.append("one"))
    two = Matching(index, SELECTORS[:1], lambda: told.append("two"))
    one.arm()
    two.arm()
    both, alone, neither = Item("cpu"), Item('mem{host="a"}'), Item('mem{host="b"}')
    for item in (neither, alone):
        index.add(item)
    assert told == ["one"]
    one.arm()
    one.arm()
    index.fire(neither)
    index.fire(alone)
    index.fire(alone)
    assert told == ["one", "one"]
    index.add(both)
    assert sorted(told) == ["one", "one", "one", "two"]  # it was still armed at the other selector
    one.arm()
    two.arm()
    assert len(index.followed([both, alone, neither])) == 2
    version = index.followed_version
    index.add(Item("disk"))
    assert index.followed_version == version
    two.close()
    index.remove(both)
    assert told[4:] == ["one"]
    one.close()
    index.fire(alone)
    assert (told[5:], index.followed([alone])) == ([], ())


def test_what_comes_and_goes_is_taken_over_when_it_is_asked_for() -> None:
    index: SeriesIndex[Item] = SeriesIndex()
    matching = Matching(index, SELECTORS)
    item, other = Item('mem{host="a"}'), Item("cpu")
    index.add(item)
    index.add(other)
    assert shown(matching) == []
    matching.refresh()
    assert shown(matching) == [("cpu", [0]), ('mem{host="a"}', [1, 2])]
    index.remove(item)
    matching.refresh()
    assert shown(matching) == [("cpu", [0])]


def test_whatever_came_and_went_it_is_as_if_it_were_matched_anew() -> None:
    random, index, there = Random(1), SeriesIndex[Item](), list[Item]()
    matching = Matching(index, SELECTORS)
    for _ in range(60):
        for _ in range(random.choice([1, 3, 300])):
            if there and random.random() < 0.4:
                index.remove(there.pop(random.randrange(len(there))))
            else:
                there.append(
                    Item(
                        f'{random.choice(["cpu", "mem", "disk"])}{{host="{random.choice("abc")}",n="{random.random()}"}}'
                    )
                )
                index.add(there[-1])
        matching.refresh()
        anew = Matching(index, SELECTORS)
        assert shown(matching) == shown(anew)
        anew.close()


def test_selectors_that_nobody_needs_any_more_are_let_go_of() -> None:
    index: SeriesIndex[Item] = SeriesIndex()
    released: list[object] = []
    release = index.release
    index.release = lambda matches: (released.append(matches), release(matches))[1]  # type: ignore[method-assign]
    matching = Matching(index, SELECTORS)
    matching.close()
    matching.close()
    assert len(released) == len(SELECTORS)
