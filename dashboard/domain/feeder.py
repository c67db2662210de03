"""What came from one feeder: a token, a listener or a scrape target, or the machine itself. Kept for people to look at."""

from __future__ import annotations

from msgspec import Struct

#: Of one feeder so many refused lines are kept, the newest.
KEPT_REFUSALS = 20
#: Of a line so many bytes are shown.
SHOWN_BYTES = 200


class Refused(Struct, array_like=True, frozen=True):
    """One line or sample that was not taken: when, why, and what it was."""

    t_ms: int
    reason: str
    snippet: str = ""


class FeederState(Struct, array_like=True, frozen=True):
    """Totals since the process that tells it started; ``rate`` is samples a second, of the last seconds.

    ``key`` is the same for the same feeder on all processes; ``max_series`` 0: no limit of its own.
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
    state: str  # empty: well; else what is wrong with it
    refusals: tuple[Refused, ...]


def merge(states: list[FeederState]) -> FeederState:
    """One feeder, as several processes tell of it."""
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
