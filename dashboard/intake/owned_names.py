"""Owners of the accepted samples' names: a claim of a body (``ingest/claims.py``) is settled when its sample is accepted."""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Batch, Refusal
from dashboard.ingest.claims import Claim, Claims
from dashboard.intake.shares import Share, bar


def settle(share: Share, claims: Claims, settled: list[Claim], whole: Batch) -> list[Refusal]:
    """Settle the claims of a share's series. Remove the samples of series that another sender has just taken, and return their
    refusals, in the order of ``whole``. ``settled``: receives the new owners' claims.
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
