"""Feeding as one function: authenticate, parse, accept, answer; the same for every format and both ways to handle a request.

A handler (``feeding.py``) and the quick way without a handler (``quick_feed.py``) differ only in how they take each step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

from dashboard.ingest.parsed import Parsed
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, BodyPart, FeedRequest

#: A body as it was parsed: at once, or part by part, each when the part before is stored.
ParsedBody: TypeAlias = Parsed | Iterator[BodyPart]


class FeedSteps(Protocol):
    """Steps of one request of a feeder."""

    async def authenticated(self) -> FeedRequest:
        """Return the request of a sender who may feed; raises NotAuthenticated, Forbidden, and the errors of unpacking."""

    async def parsed(self, request: FeedRequest) -> ParsedBody:
        """Parse the body; raises Invalid. Parts of a long body are parsed by ``accepted``."""

    async def accepted(self, request: FeedRequest, body: ParsedBody) -> tuple[Parsed, Outcome]:
        """Store what is acceptable; return the body, or its last part, and the outcome of the whole body.

        Raises TooMany, Overloaded, Unavailable, and Invalid for the first part of a long body.
        """

    async def answered(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Return the format's answer; raises Invalid if the answer is a refusal of the request."""


async def feed(steps: FeedSteps) -> Answer:
    """Handle one body; return the answer. Raises what the steps raise."""
    request = await steps.authenticated()
    body = await steps.parsed(request)
    parsed, outcome = await steps.accepted(request, body)
    return await steps.answered(request, parsed, outcome)
