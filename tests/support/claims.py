"""Acceptance of claims, as the intake does it, for tests of parsers alone."""

from __future__ import annotations

from dashboard.ingest.claims import Claims
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed


def accepted(parsed: Parsed) -> Parsed:
    """Settle all claims of a body, as if all of its samples were stored; return the body."""
    store(parsed.batch.claims)
    return parsed


def own(origins: Origins, key: str, origin: str) -> str:
    """Claim a series and settle the claim; return the series."""
    claims: Claims = {}
    origins.claim(key, origin, claims)
    store(claims)
    return key


def store(claims: Claims) -> None:
    """Settle and keep claims, as is done when their samples are stored."""
    for claim in claims.values():
        claim.settle()
        claim.keep()
