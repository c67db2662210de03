"""The one function of feeding: its four steps, in their order, each with what the steps before have found."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from dashboard.domain.errors import Forbidden, Invalid
from dashboard.ingest.parsed import Parsed
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, FeedRequest
from dashboard.web.feed.steps import ParsedBody, feed

pytestmark = pytest.mark.gen_test

REQUEST = FeedRequest(b"a 1", address="/a", path=(), query={}, headers=HTTPHeaders(), now_ms=1, latest_ms=2)


class Steps:
    """Steps that tell what they were given. ``fails``: a step and its error."""

    def __init__(self, fails: tuple[str, Exception] | None = None) -> None:
        self.taken: list[str] = []
        self._fails = fails
        self._parsed = Parsed(silent=["a"])
        self._outcome = Outcome(1, [])

    def _take(self, name: str) -> None:
        self.taken.append(name)
        if self._fails is not None and self._fails[0] == name:
            raise self._fails[1]

    async def authenticated(self) -> FeedRequest:
        self._take("authenticated")
        return REQUEST

    async def parsed(self, request: FeedRequest) -> Parsed:
        self._take(f"parsed {request.body!r}")
        return self._parsed

    async def accepted(self, request: FeedRequest, body: ParsedBody) -> tuple[Parsed, Outcome]:
        self._take(f"accepted {body is self._parsed}")
        return self._parsed, self._outcome

    async def answered(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        self._take(f"answered {outcome.accepted}")
        return Answer(202)


ALL = ["authenticated", "parsed b'a 1'", "accepted True", "answered 1"]


async def test_a_body_takes_the_four_steps_in_order() -> None:
    steps = Steps()
    assert await feed(steps) == Answer(202)
    assert steps.taken == ALL


@pytest.mark.parametrize(("fails", "error"), [(0, Forbidden("no")), (1, Invalid("is no number"))])
async def test_nothing_is_stored_of_a_body_that_fails_before(fails: int, error: Exception) -> None:
    steps = Steps((ALL[fails], error))
    with pytest.raises(type(error)):
        await feed(steps)
    assert steps.taken == ALL[: fails + 1]
