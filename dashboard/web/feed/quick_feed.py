"""Feeding without a handler: the same steps as ``feeding.py``, for short requests whose head is known (``quick_heads.py``).

Only requests that a handler would accept are handled here.  In case of doubt, the request is left to the handler before anything is
changed; if storing fails, the handler is given the error and answers it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Sequence

from tornado.httputil import HTTPServerRequest

from dashboard.accounts.policies import authorise, authorise_feeding
from dashboard.domain.errors import DashboardError
from dashboard.domain.identity import Caller
from dashboard.domain.series import check_text
from dashboard.ingest.packed import unstated
from dashboard.ingest.parsed import Parsed
from dashboard.intake.intake import Intake
from dashboard.web.feed.format import FeedRequest, Format
from dashboard.web.feed.shown_token import token_in
from dashboard.web.server.context import WebContext

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
        self._context = context
        self._intake = intake
        self._format = format_
        self._policy = f"POST {template}"
        self._request = request
        self._path = tuple(path)
        self._key = request.headers.get("Idempotency-Key", "")
        self._is_text = "protobuf" not in request.headers.get("Content-Type", "")
        #: Without a token, the caller depends only on the address and the headers.
        self._caller = None if "Authorization" in request.headers else context.identity.caller_of(request)

    def begin(self, body: bytes) -> Awaitable[bytes] | None:
        """Return work that stores a body and gives the answer; None if a handler has to do it."""
        if self._context.draining or not 0 < len(body) <= self._format.parsed_at_once_bytes:
            return None
        if not self._format.takes_any_bytes and unstated(body, is_text=self._is_text):
            return None
        samples = self._intake.samples
        request = FeedRequest(
            body,
            address=self._request.path,
            path=self._path,
            query={},
            headers=self._request.headers,
            now_ms=samples.now_ms(),
            latest_ms=samples.latest_ms(),
        )
        try:
            caller = self._authorised(body)
            if caller is None:
                return None
            parsed = self._format.parse(request)
            request_id = request_id_of(self._key or self._format.request_key(request, parsed), caller)
        except DashboardError:
            return None
        if parsed.rest is not None or len(parsed.batch.keys) + len(parsed.batch.refused) > _MOST_SAMPLES:
            return None
        if not self._context.bodies.take(len(body)):  # given back by ``_store``
            return None
        return self._store(request, parsed, caller, request_id)

    def _authorised(self, body: bytes) -> Caller | None:
        """Return the caller, who may feed; None if the body has a token. Raises BadToken, NotAuthenticated, Forbidden."""
        caller = self._caller if self._caller is not None else self._context.identity.caller_of(self._request)
        authorise(self._policy, caller)
        if caller.token is None and self._format.shows_token and token_in(body, search=False):
            return None
        authorise_feeding(caller)
        return caller

    async def _store(self, request: FeedRequest, parsed: Parsed, caller: Caller, request_id: str) -> bytes:
        """Store the acceptable part of a body; return the answer with its head. Raises what a handler has to answer."""
        began_s = time.monotonic()
        try:
            outcome = await self._intake.accept(parsed, caller=caller, format_=self._format.name, request_id=request_id)
            answer = self._format.answer(request, parsed, outcome)
        finally:
            self._context.bodies.give_back(len(request.body))
        headers = (*self._format.headers.items(), *answer.headers)
        head = self._context.heads.head(answer.status, answer.content_type, headers, len(answer.body))
        if _log.isEnabledFor(logging.DEBUG):
            took_ms = 1000 * (time.monotonic() - began_s)
            _log.debug("%d POST %s %.1f ms", answer.status, self._request.path, took_ms)
        return head + answer.body


def request_id_of(key: str, caller: Caller) -> str:
    """Return the request id of a sender's key, unique among feeders; empty if there is no key. Raises Invalid."""
    checked = check_text(key, field="Idempotency-Key", max_bytes=_MAX_REQUEST_ID_BYTES)
    owner = caller.token.id if caller.token is not None else caller.id or caller.kind
    return f"{owner}/{checked}" if checked else ""
