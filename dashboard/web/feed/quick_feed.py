"""Feeding without a handler: the steps of ``steps.py`` for short requests whose head is known (``quick_heads.py``).

Only requests that a handler would accept are handled here.  In case of doubt, the request is left to the handler before anything is
changed; if storing fails, the handler is given the error and answers it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Sequence

from tornado.httputil import HTTPServerRequest

from dashboard.accounts.policies import authorise, authorise_feeding
from dashboard.domain.identity import Caller
from dashboard.domain.series import check_text
from dashboard.ingest.packed import unstated
from dashboard.ingest.parsed import Parsed
from dashboard.intake.intake import Intake
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, FeedRequest, Format
from dashboard.web.feed.shown_token import token_in
from dashboard.web.feed.steps import ParsedBody, feed
from dashboard.web.server.context import WebContext
from dashboard.web.server.quick_heads import LeftToHandler

_log = logging.getLogger(__name__)

_MAX_REQUEST_ID_BYTES = 200
#: A body with more samples is left to the handler, which works on many refusals in a thread.
_MOST_SAMPLES = 1_000


class QuickFeed:
    """Work on the requests with one head, for one format."""

    def __init__(
        self,
        context: WebContext,
        intake: Intake,
        format_: Format,
        template: str,
        request: HTTPServerRequest,
        path: Sequence[str],
    ) -> None:
        self.bodies = context.bodies
        self._context = context
        self.intake = intake
        self.format = format_
        self._policy = f"POST {template}"
        self._request = request
        self._path = tuple(path)
        self._key = request.headers.get("Idempotency-Key", "")
        self._is_text = "protobuf" not in request.headers.get("Content-Type", "")
        #: Without a token, the caller depends only on the address and the headers.
        self._caller = None if "Authorization" in request.headers else context.identity.caller_of(request)

    def begin(self, body: bytes) -> Awaitable[bytes] | None:
        """Return work that stores a body and gives the answer; None if a handler has to do it."""
        if self._context.draining or not 0 < len(body) <= self.format.parsed_at_once_bytes:
            return None
        if not self.format.takes_any_bytes and unstated(body, is_text=self._is_text):
            return None
        return self._work(body)

    async def _work(self, body: bytes) -> bytes:
        began_s = time.monotonic()
        answer = await feed(_QuickSteps(self, body))
        headers = (*self.format.headers.items(), *answer.headers)
        head = self._context.heads.head(answer.status, answer.content_type, headers, len(answer.body))
        if _log.isEnabledFor(logging.DEBUG):
            took_ms = 1000 * (time.monotonic() - began_s)
            _log.debug("%d POST %s %.1f ms", answer.status, self._request.path, took_ms)
        return head + answer.body

    def authorised(self, body: bytes) -> Caller:
        """Return the caller, who may feed; raises BadToken, NotAuthenticated, Forbidden, and LeftToHandler if the body has a token."""
        caller = self._caller if self._caller is not None else self._context.identity.caller_of(self._request)
        authorise(self._policy, caller)
        if caller.token is None and self.format.shows_token and token_in(body, search=False):
            raise LeftToHandler
        authorise_feeding(caller)
        return caller

    def request(self, body: bytes) -> FeedRequest:
        """Return the parts of the request that a format needs."""
        samples = self.intake.samples
        return FeedRequest(
            body,
            address=self._request.path,
            path=self._path,
            query={},
            headers=self._request.headers,
            now_ms=samples.now_ms(),
            latest_ms=samples.latest_ms(),
        )

    def request_id(self, request: FeedRequest, parsed: Parsed, caller: Caller) -> str:
        """Return the id of the request, empty if it has none; raises Invalid."""
        return request_id_of(self._key or self.format.request_key(request, parsed), caller)


class _QuickSteps:
    """Steps of one short body, see ``FeedSteps``. What fails before the body is stored is left to a handler."""

    __slots__ = ("_body", "_caller", "_quick", "_request_id")

    def __init__(self, quick: QuickFeed, body: bytes) -> None:
        self._quick = quick
        self._body = body
        self._caller: Caller
        self._request_id = ""

    async def authenticated(self) -> FeedRequest:
        try:
            self._caller = self._quick.authorised(self._body)
            return self._quick.request(self._body)
        except Exception:  # noqa: BLE001 - a handler meets it again, answers and logs it
            raise LeftToHandler from None

    async def parsed(self, request: FeedRequest) -> Parsed:
        try:
            parsed = self._quick.format.parse(request)
            self._request_id = self._quick.request_id(request, parsed, self._caller)
        except Exception:  # noqa: BLE001 - a handler meets it again, answers and logs it
            raise LeftToHandler from None
        if parsed.rest is not None or len(parsed.batch.keys) + len(parsed.batch.refused) > _MOST_SAMPLES:
            raise LeftToHandler
        return parsed

    async def accepted(self, request: FeedRequest, body: ParsedBody) -> tuple[Parsed, Outcome]:
        assert isinstance(body, Parsed)
        quick = self._quick
        if not quick.bodies.take(len(self._body)):
            raise LeftToHandler
        try:
            outcome = await quick.intake.accept(
                body, caller=self._caller, format_=quick.format.name, request_id=self._request_id
            )
        finally:
            quick.bodies.give_back(len(self._body))
        return body, outcome

    async def answered(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        return self._quick.format.answer(request, parsed, outcome)


def request_id_of(key: str, caller: Caller) -> str:
    """Return the request id of a sender's key, unique among feeders; empty if there is no key. Raises Invalid."""
    checked = check_text(key, field="Idempotency-Key", max_bytes=_MAX_REQUEST_ID_BYTES)
    owner = caller.token.id if caller.token is not None else caller.id or caller.kind
    return f"{owner}/{checked}" if checked else ""
