"""Owners of the accepted samples' names: a claim of a body (``ingest/claims.py``) is settled when its sample is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dashboard.domain.errors import DashboardError, Invalid, Unavailable
from dashboard.ingest.batch import Batch, Refusal
from dashboard.ingest.claims import Claim, Claims
from dashboard.intake.shares import Share, bar


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


def settle(share: Share, claims: Claims, settled: list[Claim], whole: Batch) -> list[Refusal]:
    """Settle the claims of a share's series. Remove the samples of series that another sender has just taken, and return their
    refusals, in the order of ``whole``. ``settled``: receives the claims whose owners are provisional.
    """
    if not claims:
        return []
    taken = dict[str, Invalid]()
    for key in dict.fromkeys(share.batch.keys):
        claim = claims.get(key)
        if claim is None:
            continue
        try:
            if claim.settle():
                settled.append(claim)
        except Invalid as invalid:
            taken[key] = invalid.with_traceback(None)  # which would hold this frame
    return bar(share, taken, "", "name_taken", whole) if taken else []
