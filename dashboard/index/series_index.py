"""Inverted index from label values to series, with the matches of selectors, kept current as series come and go. Pure.

A selector is evaluated once, in steps of about a millisecond; all views with that selector share the matches.  Afterwards each new
series is tested against the selectors that its name may match, so no selector is evaluated a second time.  Source: the posting
lists of time series databases.

Listeners learn of changes: a listener that is *armed* at matches is called once, when the members or the data of a member change.
So matches without changes cost nothing, and frequent changes cost only one call for each time that a listener is armed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

from dashboard.domain.selector import Matcher, Selector
from dashboard.domain.series import SeriesKey
from dashboard.index.patterns import CHUNK, Chunk, is_dear, literals_of, ns_per_byte, prefix_of

NAME_LABEL = "__name__"
#: Series tested in one step.
_STEP = 2_000
_DEAR_UNITS = 40  # for testing a value with a regular expression that RE2 does slowly
#: Remembered changes of a selector's matches; who is further behind has to read all matches again.
_KEPT_CHANGES = 2_000


class Keyed(Protocol):
    """An indexed item: a series, or a document as a name without labels. Hashed by identity."""

    @property
    def key(self) -> SeriesKey:
        """Name and labels."""


K = TypeVar("K", bound=Keyed)
Listener = Callable[[], None]


class Matches(Generic[K]):
    """Current matches of a selector. ``version`` counts the changes of the matches; ``changes`` has the latest changes.

    ``armed``: listeners that are called at the next change; ``followers``: number of ``follow`` calls that are not undone.
    """

    __slots__ = ("armed", "changes", "followers", "holders", "is_ready", "members", "selector", "version")

    def __init__(self, selector: Selector) -> None:
        self.selector = selector
        self.members: dict[K, None] = {}
        self.version = 0
        self.changes: deque[tuple[K, bool]] = deque(maxlen=_KEPT_CHANGES)
        self.holders = 0
        self.followers = 0
        self.is_ready = False
        self.armed: set[Listener] = set()

    def fire(self) -> None:
        """Call each armed listener once; a listener may arm itself again during the call."""
        armed, self.armed = self.armed, set()
        for listener in armed:
            listener()

    def since(self, version: int) -> list[tuple[K, bool]] | None:
        """Return the changes after ``version``: (item, whether it was added). Return None if some are no longer remembered."""
        count = self.version - version
        return None if count > len(self.changes) else list(islice(self.changes, len(self.changes) - count, None))

    def change(self, item: K, *, is_member: bool) -> bool:
        """Add or remove a member; return False if nothing had to change."""
        if is_member == (item in self.members):
            return False
        if is_member:
            self.members[item] = None
        else:
            del self.members[item]
        self.version += 1
        self.changes.append((item, is_member))
        return True


class _Label(Generic[K]):
    """Index of one label: the items of each value, and the values as chunks that a regular expression can scan."""

    __slots__ = ("by_value", "chunks")

    def __init__(self) -> None:
        self.by_value: dict[str, dict[K, None]] = {}
        self.chunks: list[Chunk] | None = None  # None: the values have changed

    def texts(self) -> list[Chunk]:
        if self.chunks is None:
            values = list(self.by_value)
            self.chunks = [Chunk(values[start : start + CHUNK]) for start in range(0, len(values), CHUNK)]
        return self.chunks


class SeriesIndex(Generic[K]):
    """Index of all items by their labels' values, and the matches of all selectors in use."""

    def __init__(self) -> None:
        self._items: dict[K, None] = {}
        self._labels: dict[str, _Label[K]] = {}
        self._held: dict[str, Matches[K]] = {}  # by the selector's text
        self._by_name: dict[str, dict[str, Matches[K]]] = {}  # of selectors for a single name, by that name
        self._unnamed: dict[str, Matches[K]] = {}  # the others
        self._units: Counter[str | None] = (
            Counter()
        )  # cost of testing a new item, by the only name that a selector can match
        self._followed: dict[K, list[Matches[K]]] = {}  # by member: the matches that have followers
        self.version = 0  # grows whenever an item is added or removed
        self.followed_version = 0  # grows whenever ``followed`` changes for an item

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterable[K]:
        """Return all items in the order in which they were added."""
        return self._items

    def named(self, name: str) -> list[K]:
        """Return the items of this name."""
        names = self._labels.get(NAME_LABEL)
        return list(names.by_value.get(name, ())) if names is not None else []

    # --- items ---

    def add(self, item: K) -> None:
        """Index an item, and add it to the matches of all selectors that it matches."""
        self._items[item] = None
        self.version += 1
        for label, value in _pairs(item.key):
            values = self._labels.setdefault(label, _Label())
            if value not in values.by_value:
                values.by_value[value] = {}
                values.chunks = None
            values.by_value[value][item] = None
        for matches in self._candidates(item.key.name):
            if matches.selector.matches(item.key):
                self._change(matches, item, is_member=True)

    def remove(self, item: K) -> None:
        """Forget an item."""
        if item not in self._items:
            return
        del self._items[item]
        self.version += 1
        for label, value in _pairs(item.key):
            values = self._labels[label]
            del values.by_value[value][item]
            if not values.by_value[value]:
                del values.by_value[value]
                values.chunks = None
        for matches in self._candidates(item.key.name):
            self._change(matches, item, is_member=False)

    def _change(self, matches: Matches[K], item: K, *, is_member: bool) -> None:
        if matches.change(item, is_member=is_member) and matches.followers:
            (self._follow if is_member else self._unfollow)(matches, item)
            matches.fire()

    def _candidates(self, name: str) -> Iterator[Matches[K]]:
        """Yield the matches, evaluated or not, whose selectors may match a name."""
        yield from self._by_name.get(name, {}).values()
        yield from self._unnamed.values()

    # --- selectors ---

    def cost(self, selectors: Iterable[Selector]) -> int:
        """Estimate how many values and items must be tested to evaluate the selectors that are not in use yet."""
        return sum(self._cost(each) for each in selectors if (m := self._held.get(each.text)) is None or not m.is_ready)

    def full_cost(self, selectors: Sequence[Selector]) -> int:
        """Return ``cost`` with the time that regular expressions need at worst."""
        return self.cost(selectors) + self.scan_us(selectors)

    def count(self, selectors: Iterable[Selector]) -> int:
        """Return how many items the selectors match in all; those that are not evaluated count as 0."""
        return sum(len(m.members) for each in selectors if (m := self._held.get(each.text)) is not None and m.is_ready)

    def scan_us(self, selectors: Iterable[Selector]) -> int:
        """Estimate how many microseconds the regular expressions of the selectors that are not in use yet need at worst."""
        patterns = [
            matcher
            for each in selectors
            if (known := self._held.get(each.text)) is None or not known.is_ready
            for matcher in each.matchers
            if matcher.is_pattern and matcher.label in self._labels and literals_of(matcher.value) is None
        ]
        sizes = {label: sum(c.size for c in self._labels[label].texts()) for label in {each.label for each in patterns}}
        return sum(sizes[each.label] * ns_per_byte(each.value) for each in patterns) // 1_000

    def _cost(self, selector: Selector) -> int:
        scanned = [m for m in selector.matchers if m.is_pattern and literals_of(m.value) is None]
        values = sum(len(self._labels[m.label].by_value) for m in scanned if m.label in self._labels)
        return values // 10 + len(self._start(selector) or ())

    def acquire(self, selector: Selector) -> Matches[K]:
        """Return a selector's matches, and keep them current until ``release``; evaluate them now if they are not evaluated yet."""
        matches = self.hold(selector)
        for _ in self.evaluate(matches):
            pass
        return matches

    def hold(self, selector: Selector) -> Matches[K]:
        """Return a selector's matches as ``acquire`` does, but do not evaluate them: the caller does so by ``evaluate``."""
        matches = self._held.get(selector.text)
        if matches is None:
            matches = self._held[selector.text] = Matches(selector)
            self._group(selector)[selector.text] = matches
            self._units[selector.name] += _units_of(selector)
        matches.holders += 1
        return matches

    def release(self, matches: Matches[K]) -> None:
        """Release matches that ``acquire`` or ``hold`` returned; forget them when nobody uses them any more."""
        matches.holders -= 1
        if not matches.holders and self._held.get(matches.selector.text) is matches:
            del self._held[matches.selector.text]
            group = self._group(matches.selector)
            del group[matches.selector.text]
            self._units[matches.selector.name] -= _units_of(matches.selector)
            if not self._units[matches.selector.name]:
                del self._units[matches.selector.name]
            if not group and matches.selector.name is not None:
                self._by_name.pop(matches.selector.name, None)

    def _group(self, selector: Selector) -> dict[str, Matches[K]]:
        return self._unnamed if selector.name is None else self._by_name.setdefault(selector.name, {})

    def units_of_new(self, name: str) -> int:
        """Return what the test of a new item with this name costs, against the selectors in use: a unit is about 2 µs."""
        return self._units.get(None, 0) + self._units.get(name, 0)

    # --- listeners ---

    def follow(self, matches: Matches[K]) -> None:
        """Call the armed listeners of these matches at each later change, until ``unfollow``. They must have been evaluated."""
        matches.followers += 1
        if matches.followers == 1:
            for item in matches.members:
                self._follow(matches, item)

    def unfollow(self, matches: Matches[K]) -> None:
        """Stop calling the listeners of these matches."""
        matches.followers -= 1
        if not matches.followers:
            for item in matches.members:
                self._unfollow(matches, item)

    def _follow(self, matches: Matches[K], item: K) -> None:
        self._followed.setdefault(item, []).append(matches)
        self.followed_version += 1

    def _unfollow(self, matches: Matches[K], item: K) -> None:
        followed = self._followed[item]
        followed.remove(matches)
        if not followed:
            del self._followed[item]
        self.followed_version += 1

    def followed(self, items: Iterable[K]) -> tuple[Matches[K], ...]:
        """Return all matches that have followers and at least one of these items as a member."""
        if not self._followed:
            return ()
        found: dict[Matches[K], None] = {}
        for item in items:
            if (of_item := self._followed.get(item)) is not None:
                found.update(dict.fromkeys(of_item))
        return tuple(found)

    def fire(self, item: K) -> None:
        """Call the armed listeners of an item's matches, because its data have changed."""
        for matches in self._followed.get(item, ()):
            if matches.armed:
                matches.fire()

    # --- evaluation ---

    def evaluate(self, matches: Matches[K]) -> Iterator[None]:
        """Evaluate matches that ``hold`` returned, step by step; items may be added and removed between two steps."""
        if matches.is_ready:
            return
        selector = matches.selector
        scanned: dict[str, set[str]] = {}  # by matcher: the values that its pattern matches
        for matcher in selector.matchers:
            if matcher.is_pattern and matcher.label in self._labels:
                found = scanned[matcher.text] = set[str]()
                for some in self._values(matcher):
                    found.update(some)
                    yield
        checks = [_Check(matcher, scanned.get(matcher.text)) for matcher in selector.matchers]
        pool = list(self._pool(selector, scanned))
        if len(checks) == 1 and selector.matchers[0].operator == "=" and selector.matchers[0].value:
            checks = []  # the pool is what the only matcher selects
        for start in range(0, len(pool), _STEP):
            for item in pool[start : start + _STEP]:
                if item in self._items and _passes(checks, item.key):
                    matches.change(item, is_member=True)
            yield
        matches.is_ready = True

    def _values(self, matcher: Matcher) -> Iterator[Iterable[str]]:
        """Yield the label values that the matcher's regular expression matches, in parts, for ``=~`` and ``!~`` alike."""
        values = self._labels[matcher.label]
        if (literals := literals_of(matcher.value)) is not None:
            yield [value for value in literals if value in values.by_value]
            return
        prefix = prefix_of(matcher.value)
        for chunk in list(values.texts()):
            if prefix is not None:
                yield [value for value in chunk.values if value.startswith(prefix)]
                yield [value for value in chunk.odd if matcher.test(value) is (matcher.operator == "=~")]
            else:
                yield from chunk.matching(matcher.value)

    def _start(self, selector: Selector) -> dict[K, None] | None:
        """Return the smallest set of items that an equality matcher selects; None if the selector has no such matcher."""
        pools = [
            self._labels[m.label].by_value.get(m.value, {}) if m.label in self._labels else {}
            for m in selector.matchers
            if m.operator == "=" and m.value
        ]
        return min(pools, key=len) if pools else None

    def _pool(self, selector: Selector, scanned: dict[str, set[str]]) -> Iterable[K]:
        """Return the smallest known set of items that contains all items that a selector matches.

        ``scanned``: the values that each regular expression matches, by the matcher's text.
        """
        pool = self._start(selector)
        if pool is not None:
            return pool
        best: tuple[str, set[str]] | None = None
        for matcher in selector.matchers:
            if matcher.operator == "=~" and not matcher.test(""):  # an item without the label is no member
                found = scanned.get(matcher.text, set())
                if best is None or len(found) < len(best[1]):
                    best = matcher.label, found
        if best is None:
            return self._items
        label, values = best
        by_value = self._labels[label].by_value if label in self._labels else {}
        return [item for value in values for item in by_value.get(value, ())]


def _units_of(selector: Selector) -> int:
    patterns = [each.value for each in selector.matchers if each.is_pattern and literals_of(each.value) is None]
    return 1 + sum(_DEAR_UNITS if is_dear(pattern) else 1 for pattern in patterns)


class _Check:
    """Matcher with the set of values that its pattern matches. Without such a set, each value is tested."""

    __slots__ = ("found", "is_positive", "label", "passes_empty", "test")

    def __init__(self, matcher: Matcher, found: set[str] | None) -> None:
        self.label = matcher.label
        self.found = found
        self.is_positive = matcher.operator == "=~"
        self.passes_empty = matcher.test("")
        self.test = matcher.test


def _passes(checks: list[_Check], key: SeriesKey) -> bool:
    """Return whether all matchers match. An item added after the scan of the label values is tested by ``add`` instead."""
    if not checks:
        return True
    labels = dict(key.labels)
    labels[NAME_LABEL] = key.name
    for check in checks:
        value = labels.get(check.label, "")
        if not value:
            passes = check.passes_empty
        elif check.found is None:
            passes = check.test(value)
        else:
            passes = (value in check.found) == check.is_positive
        if not passes:
            return False
    return True


def _pairs(key: SeriesKey) -> Iterator[tuple[str, str]]:
    yield NAME_LABEL, key.name
    yield from key.labels
