"""Owners of the accepted samples' names: a claim of a body (``ingest/claims.py``) is settled when its sample is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashboard.domain.errors import DashboardError, Invalid, Unavailable
from dashboard.ingest.batch import Batch, Refusal
from dashboard.ingest.claims import Claim, Claims
from dashboard.intake.shares import Share, bar
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series

#: A series without a sample for so long, more than two intervals of an SDK, may go over from totals to increases, or back.
SWITCHED_MS = 150_000


@contextmanager
def provisional(settled: list[Claim], may_be_stored: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Keep the claims that are settled within when the samples are stored; release them if it is sure that none is stored.

    It is not sure after Unavailable (the answer may be lost) or a cancellation, nor when ``may_be_stored`` returns True.
    """
    try:
        yield
    except DashboardError as error:
        if not isinstance(error, Unavailable) and not may_be_stored():
            for claim in settled:
                claim.release()
            settled.clear()
        raise
    finally:
        for claim in settled:
            claim.keep()


def settle(
    share: Share,
    claims: Claims,
    settled: list[Claim],
    whole: Batch,
    replica: Replica | None = None,
    now_ms: int = 0,
) -> list[Refusal]:
    """Settle the claims of a share's series. Remove the samples of series that another sender has just taken, and return their
    refusals, in the order of ``whole``. ``settled``: receives the claims whose owners are provisional. ``replica``: the stored
    series, None if this process does not follow them.
    """
    if not claims:
        return []
    taken, kinds = dict[str, Invalid](), share.batch.kinds

    def is_over(key: str) -> bool:
        series = replica.table.by_text.get(key) if replica is not None else None
        return series is not None and _has_switched(series, kinds.get(key, ""), now_ms)

    for key in dict.fromkeys(share.batch.keys):
        claim = claims.get(key)
        if claim is None:
            continue
        try:
            if claim.settle(is_over):
                settled.append(claim)
        except Invalid as invalid:
            taken[key] = invalid.with_traceback(None)  # which would hold this frame
    return bar(share, taken, "", "name_taken", whole) if taken else []


def _has_switched(series: Series, kind: str, now_ms: int) -> bool:
    """Return whether samples of ``kind`` may follow the stored ones, although one are increases and the other totals.

    They may if the series has been silent, for two and a half of its intervals at least, or if the stored samples are of the same
    sort already: a process of an older version, which did not tell the two apart, has stored them.
    """
    silent_ms = max(SWITCHED_MS, 2_500 * (series.every_s or 0))
    return (series.kind == "delta") == (kind == "delta") or now_ms - series.last_ms > silent_ms
