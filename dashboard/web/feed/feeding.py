"""Feeding by handlers: the steps of ``steps.py`` for bodies of any length.

Bodies are read raw, whatever their Content-Type is; long bodies are parsed in a thread.  GET and HEAD answer 200, so that feeders
can check that the server exists.  Does not own the parsers (``ingest/``) and the formats' answers (the other modules here).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

from tornado.httputil import HTTPServerRequest

from dashboard.accounts.policies import authorise_feeding
from dashboard.domain.errors import BadToken, DashboardError, Forbidden, NotAuthenticated, Unavailable
from dashboard.domain.identity import Caller
from dashboard.ingest.batch import MAX_REFUSALS
from dashboard.ingest.packed import ENCODINGS, beginning, unpack, unpack_unstated, unstated
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.slices import SLICE_BYTES
from dashboard.intake.intake import Intake
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, BodyPart, Fault, FeedRequest, Format, encoding_in, parts_of
from dashboard.web.feed.quick_feed import QuickFeed, request_id_of
from dashboard.web.feed.shown_token import is_foreign, says_something, token_in
from dashboard.web.feed.steps import ParsedBody, feed
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.context import WebContext
from dashboard.web.server.quick_heads import QuickWork

#: Bytes buffered of an unknown sender's body. The token of a longer one must be in a header, the query, or within these bytes.
_UNPROVEN_BYTES = 262_144
_SHOWN_BYTES = 512
#: The reason shown for an unknown token where none is needed.
TOKEN_IGNORED = "the token is not known; it was ignored, as this server needs none on this machine: leave it out"  # noqa: S105 - no token
#: Refusals of one body that are worked on in the event loop; more are worked on in a thread.
_REFUSALS_AT_ONCE = 1_000
FEEDING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class FeedServices:
    """Services of a route for feeders; ``max_bytes``: limit of a body, decompressed."""

    intake: Intake
    max_bytes: int
    format: Format


F = TypeVar("F", bound=FeedServices)
Args = TypeVarTuple("Args")
Result = TypeVar("Result")


class FeederHandler(BaseHandler[F]):
    """Base of all handlers that feeders post to: the steps of feeding."""

    has_foreign_errors = True  # they are the format's
    feeding_methods: tuple[str, ...] = FEEDING

    def initialize(self, context: WebContext, services: F, template: str = "") -> None:
        super().initialize(context, services, template)
        self.format = services.format
        self.encodings, self.challenge = (*self.format.encodings, "gzip", *ENCODINGS), self.format.challenge
        self.path_args = []  # Tornado sets them only for methods that it knows
        self._unknown: DashboardError | None = None  # why the sender could not be authenticated
        self._is_counted = False  # whether the body's outcome is in the statistics
        self._may_show_token = True  # the body may still hold the token, as it is short so far
        self._begun = b""  # the beginning of the body, unpacked, to show it
        self._packed = ""  # the encoding that the body still has

    @property
    def max_bytes(self) -> int:
        return self.services.max_bytes

    async def feed(self) -> None:
        """Process one body and answer it."""
        answer = await feed(self)
        headers = (*self.format.headers.items(), *answer.headers)
        if not self.finish_prepared(answer.status, answer.content_type, headers, answer.body):
            self.send(answer)

    # --- FeedSteps ---

    async def authenticated(self) -> FeedRequest:
        """Authenticate the sender; return the request with the unpacked body. Raises the failure of the quick way, too."""
        await self.authenticate()
        if self.failed is not None:
            self._is_counted = True
            raise self.failed
        return self.feed_request(self.body())

    async def parsed(self, request: FeedRequest) -> ParsedBody:
        """Parse the body; a long one later, part by part. Raises Invalid, and TooLarge if a long body cannot be divided."""
        if len(request.body) > SLICE_BYTES:
            self.format.check_long(request)
            return self.format.parts(request)
        parsed = await self.parse(request)
        return parsed if parsed.rest is None else parts_of(parsed)

    async def accepted(self, request: FeedRequest, body: ParsedBody) -> tuple[Parsed, Outcome]:
        """Store the acceptable part of the body; return the last part and the outcome of the whole body."""
        if isinstance(body, Parsed):
            return body, await self.accept(body, self.format.request_key(request, body))
        return await self._accept_parts(request, body)

    async def answered(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Return the format's answer."""
        return await self._aside(len(outcome.refused), self.format.answer, request, parsed, outcome)

    async def _accept_parts(self, request: FeedRequest, parts: Iterator[BodyPart]) -> tuple[Parsed, Outcome]:
        loop, whole, parsed, key, follows = asyncio.get_running_loop(), Outcome(0, []), Parsed(), "", False
        while (part := await loop.run_in_executor(None, next, parts, None)) is not None:
            parsed = part.parsed
            key = await loop.run_in_executor(None, self.format.request_key, request, parsed) or key
            outcome = await self.accept(parsed, key, part=part.name, follows=follows)
            follows = True
            whole = await self._aside(len(outcome.refused), self._joined, whole, outcome, part.first)
        return parsed, whole

    def _joined(self, whole: Outcome, outcome: Outcome, first: int) -> Outcome:
        """Add the outcome of a slice, which begins at the index ``first``; not all refusals of a long body are listed."""
        listed = outcome.refused[: max(0, MAX_REFUSALS - len(whole.refused))]
        return Outcome(
            whole.accepted + outcome.accepted,
            whole.refused + [self.format.moved(refusal, first) for refusal in listed],
            whole.series + outcome.series,
            whole.unlisted + outcome.unlisted + len(outcome.refused) - len(listed),
        )

    async def _aside(self, count: int, work: Callable[[*Args], Result], *arguments: *Args) -> Result:
        """Call ``work``, which handles ``count`` refusals: on the event loop, or in a thread if there are many."""
        if count <= _REFUSALS_AT_ONCE:
            return work(*arguments)
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    # --- authenticate ---

    async def authenticate(self) -> None:
        """Authenticate and authorise the sender, decompress the body; raises NotAuthenticated, Forbidden, the errors of ``unpack``.

        A token in the body is found only if the body is uncompressed or compressed by gzip.
        """
        try:
            self.authorise_feeder()
        except BadToken:  # another process may have just created the token in the body
            if not self._is_refreshed:
                await self.context.identity.refresh()
            self.authorise_feeder()
        await self._unpack()

    async def _unpack(self) -> None:
        """Decompress the body, unless the format does so itself. If no encoding is stated, it may still be gzip or UTF-16."""
        if not self._body.size:
            return
        encoding, decode = encoding_in(self.request.headers), unpack
        if encoding in ("", "identity"):
            encoding, decode = self._unstated(), unpack_unstated
        elif encoding not in ENCODINGS or encoding in self.format.encodings:
            return
        if encoding:
            self._packed = encoding
            loop, max_bytes = asyncio.get_running_loop(), self.max_bytes
            self._body.replace(await loop.run_in_executor(None, decode, self.body(), encoding, max_bytes))
            self._packed = ""

    def _unstated(self) -> str:
        is_text = "protobuf" not in self.request.headers.get("Content-Type", "")
        return "" if self.format.takes_any_bytes else unstated(self.body(), is_text=is_text)

    def authorise_feeder(self) -> None:
        """Authorise with the tokens known to this process. The token may also be in the query or in a JSON body."""
        if self._unknown is not None:
            raise self._unknown
        self.authorise(self.shown_elsewhere())

    def authorise(self, shown: str = "") -> None:
        """Authorise the caller, or the owner of the token ``shown``; raises NotAuthenticated, Forbidden.

        If no token is needed, an unknown token is ignored: jobs and clients of a former server still send the former token.
        """
        if shown and self.caller.token is None:
            self.caller = self._shown_by(shown)
        authorise_feeding(self.caller)

    def _shown_by(self, shown: str) -> Caller:
        try:
            return self.context.identity.by_text(shown)
        except BadToken:
            if self._may_feed():
                self._tell_ignored()
                return self.caller
            raise

    def _may_feed(self) -> bool:
        try:
            authorise_feeding(self.caller)
        except (NotAuthenticated, Forbidden):
            return False
        return True

    def shown_elsewhere(self) -> str:
        """Return the token in the query or body if the headers have no token; empty if there is none at all."""
        if self.caller.token is not None:
            return ""
        return self.get_query_argument("p", "") or self.token_in(self.body())

    def token_in(self, body: bytes) -> str:
        """Return the token in the body, if this format's bodies may hold one."""
        return token_in(body, search=not self._is_proven()) if self.format.shows_token else ""

    def _is_proven(self) -> bool:
        """Return whether the caller may feed without a token in the body."""
        return self._may_feed() or bool(self.get_query_argument("p", ""))

    def check_caller(self) -> None:
        shown = self.request.headers.get("Authorization", "")
        if is_foreign(shown):
            del self.request.headers["Authorization"]
            self.ignored_token |= says_something(shown)
        try:
            super().check_caller()
            if self.ignored_token and self._is_feeding() and self._may_feed():
                self._tell_ignored()
        except (NotAuthenticated, Forbidden) as error:
            if not self._is_feeding() or (isinstance(error, BadToken) and not self._is_refreshed):
                raise
            # answered after the whole body: a client that is still writing does not read, and would only see a reset
            self._unknown = error
            self._body.refuse(error)

    async def _check_again(self) -> None:
        try:
            await super()._check_again()
        except Unavailable as error:
            self._unknown = error  # answered after the whole body, as in check_caller
            self._body.refuse(error)
            self._take_arrived()

    def _tell_ignored(self) -> None:
        """Show in the statistics that an unknown token was ignored: if tokens become required, the sender is refused."""
        self.services.intake.stats.note_passed_over(self.caller, self.format.name, TOKEN_IGNORED, self.address)

    def _is_feeding(self) -> bool:
        return self.is_fed_by(self.request) and self.request.method in self.allowed_methods()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        if not self._begun:
            self._begun = beginning(chunk, encoding_in(self.request.headers) or unstated(chunk), _SHOWN_BYTES)
        rest = super().data_received(chunk)
        if rest is not None:
            return self._look_for_token_after(rest)
        self._look_for_token()
        return None

    async def _look_for_token_after(self, rest: Awaitable[None]) -> None:
        await rest
        self._look_for_token()

    def _look_for_token(self) -> None:
        if self._may_show_token and self._body.size > _UNPROVEN_BYTES and self._body.refused is None:
            self._may_show_token = False
            if not self._is_proven() and not self.token_in(self._body.so_far()):
                self._body.refuse(NotAuthenticated("send a token that may write, in a header"))

    def on_finish(self) -> None:
        super().on_finish()
        self._unknown = self.failed = None  # its traceback would keep this handler, and with it the request

    # --- parse ---

    def feed_request(self, body: bytes) -> FeedRequest:
        """Return the parts of this request that a format needs."""
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
        """Parse the body, in a thread if it is long, to keep the event loop free. Raises Invalid."""
        if len(request.body) <= self.format.parsed_at_once_bytes and not request.encoding:
            return self.format.parse(request)
        return await asyncio.get_running_loop().run_in_executor(None, self.format.parse, request)

    # --- accept ---

    async def accept(self, parsed: Parsed, key: str = "", *, part: str = "", follows: bool = False) -> Outcome:
        """Store the acceptable part of a body; raises TooMany, Overloaded, Unavailable.

        ``key``: equal for a repeated request. ``part``: the name of a part of a body; ``follows``: whether an earlier part is stored.
        """
        request_id = self.request_id(key)
        request_id = request_id + part if request_id else ""
        self._is_counted = True
        return await self.services.intake.accept(
            parsed, caller=self.caller, format_=self.format.name, request_id=request_id, follows=follows
        )

    def request_id(self, default: str = "") -> str:
        """Return the request id from the Idempotency-Key: a repeated id stores nothing. Raises Invalid."""
        return request_id_of(self.request.headers.get("Idempotency-Key", "") or default, self.caller)

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

    def write_fault(self, code: str, text: str, extra: dict[str, object]) -> None:
        status = self.get_status()
        if status == 405:
            text = f"{self.request.method} is not taken here; send {' or '.join(self.allowed_methods())}"
        if status == 401 and self.format.is_asked_first and "Authorization" not in self.request.headers:
            self.services.intake.stats.note_passed_over(
                self.caller, self.format.name, f"{status}: {text}", self.address
            )
        elif status >= 400 and not self._is_counted and self.is_refusal(status):
            shown = self._shown_packed() or self.format.shown(self.feed_request(self._body.begun()))
            self.services.intake.note_fault(
                self.caller,
                self.format.name,
                code,
                f"{status}: {text}",
                shown.encode() or self._begun,
                address=self.address,
            )
        status = self.format.later_status if status == 429 else status
        self.send(self.format.refuse(self.feed_request(b""), Fault(status, code, text, extra)))

    def _shown_packed(self) -> str:
        """Describe a body that cannot be decompressed; return "" for any other body."""
        return f"{self._received} bytes, packed by {self._packed}" if self._packed else ""

    def is_refusal(self, status: int) -> bool:
        """Return whether a response with this status refuses data; a failed request that carries no data is no refusal."""
        return self.is_fed_by(self.request) if status == 405 else self._is_feeding()

    def _wants_page(self) -> bool:
        return False


class FeedHandler(FeederHandler[FeedServices]):
    """Handler for bodies of one format by POST."""

    waits_for_body = True

    @classmethod
    def quick(cls, request: HTTPServerRequest, path: Sequence[str], route: Mapping[str, object]) -> QuickWork | None:
        context, services, template = route["context"], route["services"], str(route["template"])
        assert isinstance(context, WebContext)
        assert isinstance(services, FeedServices)
        is_foreign_token = is_foreign(request.headers.get("Authorization", ""))
        is_long = int(request.headers["Content-Length"]) > services.max_bytes
        if is_foreign_token or is_long or cls.post is not FeedHandler.post:
            return None
        return QuickFeed(context, services.intake, services.format, template, request, path)

    def get(self, *_: str) -> None:
        self.send(self.format.greet(self.feed_request(b"")))

    async def post(self, *_: str) -> None:
        await self.feed()


class PutFeedHandler(FeedHandler):
    """Handler for bodies of one format by POST or PUT; senders can be configured for either."""

    async def put(self, *_: str) -> None:
        await self.feed()
