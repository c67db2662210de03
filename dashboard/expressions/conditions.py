"""State of an expression by the age of its inputs, and by late samples that changed its final values. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

import numpy as np

from dashboard.domain.freshness import Freshness, freshness
from dashboard.expressions.derived import MOST_SERIES, Condition, key_of
from dashboard.query.promql.query import QueryAnswer
from dashboard.replica.series import Series

_NAMED_INPUTS = 5


class Corrections:
    """Record of the final values that late samples have changed within the last ``keep_s`` seconds.

    ``oldest_ms`` returns the same time as long as possible, because each other time must be sent to the screens.
    """

    def __init__(self, keep_s: int) -> None:
        self._keep_s = keep_s
        self._times: dict[int, int] = {}  # by the second of the change: the oldest time that was changed
        self._told_ms = 0

    def note(self, second: int, t_ms: int) -> None:
        """Record that the value at the time ``t_ms`` was changed at the time ``second`` (in seconds)."""
        self._times[second] = min(t_ms, self._times.get(second, t_ms))

    def oldest_ms(self, second: int) -> int:
        """Return the time of the oldest changed value, 0 if there is none.

        If the last result is an earlier time, at most ``2 * keep_s`` seconds ago, that time is returned again.
        """
        self._times = {at: t_ms for at, t_ms in self._times.items() if second - at < self._keep_s}
        oldest_ms = min(self._times.values(), default=0)
        if oldest_ms and self._told_ms >= (second - 2 * self._keep_s) * 1000:
            oldest_ms = min(oldest_ms, self._told_ms)
        self._told_ms = oldest_ms
        return oldest_ms


def condition_of(answer: QueryAnswer, inputs: list[Series], newest_ms: int, now_ms: int) -> Condition:
    """Return the state of an expression by the age of its inputs, each judged by its own cadence."""
    used = count = 0
    for row in answer.rows:
        if row.times[-1] == newest_ms:
            used |= row.inputs
            count += 1
    states = {
        place: freshness(now_ms - inputs[place].last_ms, inputs[place].every_s, ended=inputs[place].is_ended)
        for place in _places(used)
    }
    old = [inputs[place] for place, state in states.items() if state is not Freshness.LIVE]
    left_out = max(count - MOST_SERIES, 0)
    if not old:
        return Condition(left_out=left_out, inputs=len(states))
    worst = max(states.values(), key=list(Freshness).index)
    names = _names(sorted(old, key=lambda series: series.text)[:_NAMED_INPUTS], inputs)
    more = f" and {len(old) - len(names)} more" if len(old) > len(names) else ""
    verb = "is" if len(old) == 1 else "are"
    note = f"{len(old)} of {len(states)} inputs {verb} {worst}: {', '.join(names)}{more}"
    lines = _old_lines(answer, states, newest_ms)
    return Condition(note=note, freshness=worst.value, inputs=len(states), old=len(old), left_out=left_out, lines=lines)


def _old_lines(answer: QueryAnswer, states: dict[int, Freshness], newest_ms: int) -> dict[str, str]:
    """Return, for each line that has no live input, the freshness of its newest input. Keys are the lines' labels as
    text."""
    masks = {state: _bits(place for place, own in states.items() if own is state) for state in Freshness}
    lines = dict[str, str]()
    for row in answer.rows[:MOST_SERIES]:
        if row.times[-1] == newest_ms:
            newest = next((state for state, mask in masks.items() if row.inputs & mask), Freshness.LIVE)
            if newest is not Freshness.LIVE:
                lines[key_of("", row.labels)] = newest.value
    return lines


def _places(bits: int) -> list[int]:
    """Return the indices of the bits that are set in a number."""
    data = np.frombuffer(bits.to_bytes(bits.bit_length() // 8 + 1, "little"), np.uint8)
    return [int(place) for place in np.flatnonzero(np.unpackbits(data, bitorder="little"))]


def _bits(places: Iterable[int]) -> int:
    """Return the number in which the bits at these indices are set."""
    found = list(places)
    data = bytearray(max(found, default=0) // 8 + 1)
    for place in found:
        data[place // 8] |= 1 << place % 8
    return int.from_bytes(data, "little")


def _names(some: list[Series], inputs: list[Series]) -> list[str]:
    """Return a short name for each series of ``some``: the values of those labels in which the ``inputs`` differ."""
    shared = set(inputs[0].key.labels)
    for series in inputs:
        shared.intersection_update(series.key.labels)
    return [
        " ".join(value for label, value in series.key.labels if (label, value) not in shared) or series.text[:80]
        for series in some
    ]


def late_second(seen: Mapping[Series, int], final_s: int, first_s: int) -> int | None:
    """Return the second of the oldest late sample, but not earlier than ``first_s``; None if no sample was late.

    ``seen``: for each input, the number of the last entry that was evaluated. The values up to ``final_s`` are final.
    """
    oldest: int | None = None
    for series, entry in seen.items():
        if series.last_seq == entry:
            continue
        at = bisect_right(series.seqs, entry)
        first_ms = min(series.times[at:], default=None)
        if first_ms is not None and first_ms <= final_s * 1000:
            second_of = -(-first_ms // 1000)
            oldest = second_of if oldest is None else min(oldest, second_of)
    return None if oldest is None else max(oldest, first_s)
