"""State of one feeder (a token, a listener, a scrape target or the machine itself), shown to administrators."""

from __future__ import annotations

from msgspec import Struct

#: Refused lines kept of each feeder; older ones are dropped.
KEPT_REFUSALS = 20
#: Bytes shown of a line; the rest is cut off.
SHOWN_BYTES = 200


class Refused(Struct, array_like=True, frozen=True):
    """Line or sample that was refused: when, why, and its beginning."""

    t_ms: int
    reason: str
    snippet: str = ""


class FeederState(Struct, array_like=True, frozen=True):
    """State of a feeder. Totals count since the feeder's process started; ``rate`` is samples a second over the last seconds.

    ``key`` is the same for one feeder in all processes. ``max_series`` is 0 if the feeder has no limit.
    """

    key: str
    name: str
    kind: str  # token, local, user, source
    formats: tuple[str, ...]
    accepted: int
    refused: int
    dropped: int
    series: int
    max_series: int
    rate: float
    last_ms: int
    last_line: str
    state: str  # the feeder's current fault; empty: none
    refusals: tuple[Refused, ...]


def merge(states: list[FeederState]) -> FeederState:
    """Merge the states that several processes report for the same feeder."""
    newest = max(states, key=lambda state: state.last_ms)
    refusals = sorted((each for state in states for each in state.refusals), key=lambda each: -each.t_ms)
    return FeederState(
        key=newest.key,
        name=newest.name,
        kind=newest.kind,
        formats=tuple(sorted({name for state in states for name in state.formats})),
        accepted=sum(state.accepted for state in states),
        refused=sum(state.refused for state in states),
        dropped=sum(state.dropped for state in states),
        series=max(state.series for state in states),
        max_series=newest.max_series,
        rate=sum(state.rate for state in states),
        last_ms=newest.last_ms,
        last_line=newest.last_line,
        state=next((state.state for state in states if state.state), ""),
        refusals=tuple(refusals[:KEPT_REFUSALS]),
    )
