"""The index of label values finds what a test of every series finds, whatever series are added and removed meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.selector import Selector, parse_selector
from dashboard.domain.series import SeriesKey, parse_series
from dashboard.index.patterns import CHUNK
from dashboard.index.series_index import SeriesIndex


class Item:
    """Series as the index sees it."""

    def __init__(self, key: SeriesKey | str) -> None:
        self.key = parse_series(key) if isinstance(key, str) else key


VALUES = st.sampled_from(["a", "b", "web-1", "web-2", "db", "ü", "x y", "a\nb", "A", "10"])
NAMES = st.sampled_from(["up", "cpu", "cpu_total", "mem"])
LABELS = st.dictionaries(st.sampled_from(["host", "core", "shop"]), VALUES, max_size=3)
PATTERNS = st.sampled_from(
    [
        "a",
        "a|b",
        "web-.*",
        ".*",
        ".+",
        "",
        "web-[12]",
        "[^a]*",
        "(?i)a",
        "^a$",
        "a|",
        "\\Aa",
        "\\d+",
        ".*b",
        "a.b",
        "(?s)a.b",
    ]
)


@st.composite
def series(draw: st.DrawFn) -> SeriesKey:
    return SeriesKey(draw(NAMES), tuple(sorted(draw(LABELS).items())))


@st.composite
def selectors(draw: st.DrawFn) -> Selector:
    matchers = []
    for label in draw(st.lists(st.sampled_from(["host", "core", "shop", "nope", "__name__"]), max_size=3)):
        operator = draw(st.sampled_from(["=", "!=", "=~", "!~"]))
        value = draw(PATTERNS) if "~" in operator else draw(VALUES | st.just(""))
        escaped = value.replace("\\", "\\\\").replace("\n", "\\n")
        matchers.append(f'{label}{operator}"{escaped}"')
    name = draw(st.sampled_from(["", "cpu", "up"])) if matchers else draw(NAMES)
    return parse_selector(f"{name}{{{','.join(matchers)}}}" if matchers else name)


def expected(items: dict[SeriesKey, Item], selector: Selector) -> set[SeriesKey]:
    return {key for key in items if selector.matches(key)}


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "hold", "step", "step", "release"]), series(), selectors()), max_size=60
)


@settings(max_examples=100)
@given(STEPS)
def test_matches_are_what_testing_each_series_finds_at_every_moment(
    steps: list[tuple[str, SeriesKey, Selector]],
) -> None:
    index = SeriesIndex[Item]()
    items: dict[SeriesKey, Item] = {}
    held, working = [], list[Iterator[None]]()
    for what, key, selector in steps:
        if what == "add" and key not in items:
            items[key] = Item(key)
            index.add(items[key])
        elif what == "remove" and items:
            index.remove(items.pop(next(iter(items))))
        elif what == "hold":
            held.append(index.hold(selector))
            working.append(index.evaluate(held[-1]))
        elif what == "step":
            working = [work for work in working if next(work, "done") != "done"]
        elif what == "release" and held:
            index.release(held.pop(0))
    for work in working:
        for _ in work:
            pass
    for matches in held:
        assert {item.key for item in matches.members} == expected(items, matches.selector)
    assert len(index) == len(items)


@given(st.lists(series(), unique=True, max_size=30), selectors())
def test_a_follower_that_applies_the_changes_holds_the_members(keys: list[SeriesKey], selector: Selector) -> None:
    index = SeriesIndex[Item]()
    matches = index.acquire(selector)
    seen, version = set[Item](), matches.version
    for number, key in enumerate(keys):
        index.add(Item(key))
        if number % 3 == 2:
            index.remove(next(iter(index._items)))
        if number % 2:
            changes = matches.since(version)
            assert changes is not None
            for item, is_member in changes:
                (seen.add if is_member else seen.discard)(item)
            version = matches.version
            assert seen == set(matches.members)


def test_more_changes_than_are_remembered_are_told_as_such() -> None:
    index = SeriesIndex[Item]()
    matches = index.acquire(parse_selector('{__name__=~".+"}'))
    for number in range(2_001):
        index.add(Item(f"s{number}"))
    assert matches.since(0) is None
    assert len(matches.since(1) or ()) == 2_000


def test_what_nobody_holds_any_more_is_forgotten_and_costs_again() -> None:
    index = SeriesIndex[Item]()
    for number in range(50):
        index.add(Item(f's{{host="h{number}"}}'))
    selector = parse_selector('s{host=~"h1.?"}')
    first, second = index.acquire(selector), index.acquire(selector)
    assert first is second
    assert index.cost([selector]) == 0
    index.release(first)
    index.release(second)
    assert index.cost([selector]) > 0
    assert len(index.acquire(selector).members) == 11


def test_items_of_one_name_are_found() -> None:
    index: SeriesIndex[Item] = SeriesIndex()
    assert index.named("x") == []
    items = [Item('x{n="a"}'), Item("y"), Item("x")]
    for item in items:
        index.add(item)
    assert index.named("x") == [items[0], items[2]]
    index.remove(items[0])
    assert (index.named("x"), index.named("z")) == ([items[2]], [])


def test_an_equality_looks_at_few_series() -> None:
    index = SeriesIndex[Item]()
    for number in range(5_000):
        index.add(Item(f's{{host="h{number}"}}'))
    assert index.cost([parse_selector('s{host="h7"}')]) == 1
    assert index.cost([parse_selector('s{host="no"}')]) == 0


def test_a_regex_over_ten_thousand_series_is_evaluated_in_small_steps() -> None:
    index = SeriesIndex[Item]()
    for number in range(10_000):
        index.add(Item(f's{{host="host-{number}"}}'))
    matches = index.hold(parse_selector('{host=~".*[13579]"}'))
    sizes = [0, *(len(matches.members) for _ in index.evaluate(matches))]
    assert sizes[-1] == 5_000
    assert max(after - before for before, after in itertools.pairwise(sizes)) <= 2_000
    assert len(sizes) - 1 == 10_000 // CHUNK + 3


def test_the_cost_of_a_new_item_follows_the_selectors_in_use() -> None:
    index = SeriesIndex[Item]()
    held = [index.hold(parse_selector(text)) for text in ("a", "a{n=~'b.*c'}", "{n=~'x.*y'}", "b{n=~'.*[ab].{30}x'}")]
    assert (index.units_of_new("a"), index.units_of_new("b"), index.units_of_new("c")) == (1 + 2 + 2, 2 + 41, 2)
    held.append(index.hold(parse_selector("a")))  # once for all holders
    assert index.units_of_new("a") == 5
    for matches in held:
        index.release(matches)
    assert (index.units_of_new("a"), dict(index._units)) == (0, {})
