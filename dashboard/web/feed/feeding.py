"""Feeding: authenticate, parse, accept, answer; the same for every format.

Bodies are read raw whatever their Content-Type; long ones are parsed in a thread; GET and HEAD answer 200 so that feeders can
look whether somebody is there.  Does not own: the formats' bytes (``ingest/``), what each format answers (beside this file).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, TypeVar

from dashboard.accounts.policies import authorise_feeding
from dashboard.domain.errors import BadToken, DashboardError, Forbidden, NotAuthenticated
from dashboard.domain.identity import Caller
from dashboard.domain.series import check_text
from dashboard.ingest.parsed import Parsed
from dashboard.intake.accept_samples import Outcome
from dashboard.intake.intake import Intake
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format
from dashboard.web.feed.shown_token import is_foreign, token_in
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.context import WebContext

_MAX_REQUEST_ID_BYTES = 200
#: A body that is longer must show its token elsewhere: no more is kept of what an unknown sender writes.
_UNPROVEN_BYTES = 262_144
_FEEDING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class FeedServices:
    """Services of a route that takes one format; ``max_bytes``: of a body, unpacked."""

    intake: Intake
    max_bytes: int
    format: Format


F = TypeVar("F", bound=FeedServices)


class FeederHandler(BaseHandler[F]):
    """Base of all handlers that feeders post to: the steps, which a handler puts in a row."""

    has_foreign_errors = True  # they are the format's

    def initialize(self, context: WebContext, services: F, template: str = "") -> None:
        super().initialize(context, services, template)
        self.format = services.format
        self.encodings, self.challenge = self.format.encodings, self.format.challenge
        self.path_args = []  # Tornado sets them only for methods that it knows
        self._unknown: DashboardError | None = None  # why the sender is nobody
        self._is_counted = False  # what came of the body
        self._may_show_token = True  # the body, which is short so far

    @property
    def max_bytes(self) -> int:
        return self.services.max_bytes

    async def feed(self) -> None:
        """Take one body and answer it."""
        await self.authenticate()
        request = self.feed_request(self.body())
        parsed = await self.parse(request)
        outcome = await self.accept(parsed, self.format.request_key(request, parsed))
        self.send(self.format.answer(request, parsed, outcome))

    # --- authenticate ---

    async def authenticate(self) -> None:
        """Find out who feeds, and whether that one may; raises NotAuthenticated, Forbidden."""
        try:
            self.authorise_feeder()
        except BadToken:  # another process may just have made the token that stands in the body
            if not self._is_refreshed:
                await self.context.identity.refresh()
            self.authorise_feeder()

    def authorise_feeder(self) -> None:
        """The same without looking for new tokens. A token may also stand in the query or in a JSON body."""
        if self._unknown is not None:
            raise self._unknown
        self.authorise(self.shown_elsewhere())

    def authorise(self, shown: str = "") -> None:
        """Accept the caller, or the one whose token ``shown`` is; raises NotAuthenticated, Forbidden.

        Where no token is needed a foreign one counts as none: jobs and clients that come from elsewhere bring theirs.
        """
        if shown and self.caller.token is None:
            self.caller = self._shown_by(shown)
        authorise_feeding(self.caller)

    def _shown_by(self, shown: str) -> Caller:
        try:
            return self.context.identity.by_text(shown)
        except BadToken:
            if self._may_feed():
                return self.caller
            raise

    def _may_feed(self) -> bool:
        try:
            authorise_feeding(self.caller)
        except (NotAuthenticated, Forbidden):
            return False
        return True

    def shown_elsewhere(self) -> str:
        """Return the token in the query or in the body of a request that shows none in its headers; empty: there is none."""
        if self.caller.token is not None:
            return ""
        return self.get_query_argument("p", "") or self.token_in(self.body())

    def token_in(self, body: bytes) -> str:
        """Return the token in the body, if this format's bodies may hold one."""
        return token_in(body, search=not self._is_proven()) if self.format.shows_token else ""

    def _is_proven(self) -> bool:
        """Whether the body need not show whose it is."""
        return self._may_feed() or bool(self.get_query_argument("p", ""))

    def check_caller(self) -> None:
        if is_foreign(self.request.headers.get("Authorization", "")):
            del self.request.headers["Authorization"]
        try:
            super().check_caller()
        except (NotAuthenticated, Forbidden) as error:
            if not self._is_feeding() or (isinstance(error, BadToken) and not self._is_refreshed):
                raise
            # answered when the body is there: a client that is still writing does not read, and would only see a reset
            self._unknown = self._refused = error

    def _is_feeding(self) -> bool:
        return self.request.method in _FEEDING and self.request.method in self.allowed_methods()

    def data_received(self, chunk: bytes) -> None:
        super().data_received(chunk)
        if self._may_show_token and self._size > _UNPROVEN_BYTES and self._refused is None:
            self._may_show_token = False
            if not self._is_proven() and not self.token_in(self.so_far()):
                self._refused = NotAuthenticated("show a token that may write, in a header")
                self._chunks.clear()

    # --- parse ---

    def feed_request(self, body: bytes) -> FeedRequest:
        """Return what the format sees of this request."""
        query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        samples = self.services.intake.samples
        path = tuple(part for part in self.path_args if part is not None)
        return FeedRequest(
            body,
            address=self.request.path,
            path=path,
            query=query,
            headers=self.request.headers,
            now_ms=samples.now_ms(),
            latest_ms=samples.latest_ms(),
        )

    async def parse(self, request: FeedRequest) -> Parsed:
        """Read the body; a long one in a thread, so that the loop goes on meanwhile. Raises Invalid."""
        if len(request.body) <= self.format.parsed_at_once_bytes and not request.encoding:
            return self.format.parse(request)
        return await asyncio.get_running_loop().run_in_executor(None, self.format.parse, request)

    # --- accept ---

    async def accept(self, parsed: Parsed, key: str = "") -> Outcome:
        """Keep what may be kept; raises TooMany, Overloaded, Unavailable. ``key``: by which the format knows it again."""
        request_id = self.request_id(key)
        self._is_counted = True
        return await self.services.intake.accept(
            parsed, caller=self.caller, format_=self.format.name, request_id=request_id
        )

    def request_id(self, default: str = "") -> str:
        """Return the Idempotency-Key, by which the same request again stores nothing again; raises Invalid."""
        key = self.request.headers.get("Idempotency-Key", "") or default
        checked = check_text(key, field="Idempotency-Key", max_bytes=_MAX_REQUEST_ID_BYTES)
        owner = self.caller.token.id if self.caller.token is not None else self.caller.id or self.caller.kind
        return f"{owner}/{checked}" if checked else ""  # each feeder has request ids of its own

    # --- answer ---

    def send(self, answer: Answer) -> None:
        """Send a whole answer."""
        self.set_status(answer.status)
        for name, value in (*self.format.headers.items(), *answer.headers):
            self.set_header(name, value)
        if answer.status != 401:
            self.clear_header("WWW-Authenticate")
        if answer.content_type:
            self.set_header("Content-Type", answer.content_type)
        else:
            self.clear_header("Content-Type")
        self.finish(answer.body or None)

    def write_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        status = self.get_status()
        if status in (400, 413, 415) and not self._is_counted:
            begun = b"".join(self._chunks[:1])
            if shown := self.format.shown(self.feed_request(begun)):
                begun = shown.encode()
            self.services.intake.note_fault(self.caller, self.format.name, code, text, begun)
        status = self.format.later_status if status == 429 else status
        self.send(self.format.refuse(self.feed_request(b""), Fault(status, code, text, extra)))

    def _wants_page(self) -> bool:
        return False


class FeedHandler(FeederHandler[FeedServices]):
    """Takes bodies of one format by POST."""

    def get(self, *_: str) -> None:
        self.send(self.format.greet(self.feed_request(b"")))

    async def post(self, *_: str) -> None:
        await self.feed()
