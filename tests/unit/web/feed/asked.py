"""Requests and outcomes for the unit tests of formats: without a server, and without what accepts samples."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders

from dashboard.ingest.batch import Refusal
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import FeedRequest

NOW_MS = 1_800_000_000_000
LATEST_MS = NOW_MS + 60_000


def asked(
    body: bytes = b"",
    *path: str,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    address: str = "",
) -> FeedRequest:
    """Return a request with this body; ``path``: its variables."""
    return FeedRequest(
        body,
        address=address,
        path=path,
        query=query or {},
        headers=HTTPHeaders(headers or {}),
        now_ms=NOW_MS,
        latest_ms=LATEST_MS,
    )


def outcome(*refused: Refusal, accepted: int = 1, unlisted: int = 0) -> Outcome:
    """Return the outcome of a body."""
    return Outcome(accepted, list(refused), unlisted=unlisted)
