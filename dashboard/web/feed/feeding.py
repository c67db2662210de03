"""What all addresses that feeders post to have in common, whatever the format.

Bodies are read raw whatever their Content-Type; long ones are parsed in a thread; GET and HEAD answer 200 so that feeders can look
whether somebody is there.  Does not own: the formats (``ingest/``), what each answers (``ingest_*.py`` beside this file).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import functools
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dashboard.accounts.credentials import TOKEN_PREFIX
from dashboard.accounts.policies import authorise_feeding
from dashboard.domain.errors import BadToken, DashboardError, Forbidden, NotAuthenticated
from dashboard.domain.identity import Caller
from dashboard.domain.series import check_text
from dashboard.ingest.batch import Refusal
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.intake.accept_parsed import AcceptParsed
from dashboard.intake.accept_samples import Outcome
from dashboard.web.server.base import BaseHandler

_MAX_REQUEST_ID_BYTES = 200
_MAX_TOLD = 1_000

T = TypeVar("T")


class _Shown(Struct):
    """Where a JSON body may say its token."""

    auth_token: str = ""
    api_key: str = ""


_shown = msgspec.json.Decoder(_Shown)
_SHOWN = re.compile(rb'"(?:auth_token|api_key)"\s*:\s*"([\x21\x23-\x5b\x5d-\x7e]{1,4096})"')
#: So much is kept of a body that may hold the token of its sender, who is not known otherwise.
_UNPROVEN_BYTES = 262_144
#: Methods whose requests feed, and have a body.
_FEEDING = ("POST", "PUT", "PATCH", "DELETE")


def _of_somebody(answer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(answer)
    def answer_known(self: FeederHandler, *parts: str) -> Any:
        try:
            self.authorise_feeder()
        except BadToken:
            return self.answer_late(answer, parts)
        return answer(self, *parts)

    return answer_known


class FeederHandler(BaseHandler):
    """``format_`` is what its samples are counted under; ``too_often_status``: what the format's senders understand as "later".

    ``body_shows``: a JSON body may say the token, as ``auth_token`` or ``api_key``.
    """

    intake: AcceptParsed
    max_ingest_bytes: int
    format_ = ""
    too_often_status = 429
    body_shows = True
    _unknown: DashboardError | None = None  # why the sender is nobody
    _is_counted = False  # what came of the body
    _is_short = True  # so that it may still show whose it is
    parsed_at_once_bytes = 131_072
    challenge = 'Basic realm="dashboard"'  # agents send what they have only when they are asked like this

    @property
    def max_bytes(self) -> int:
        return self.max_ingest_bytes

    def _say_here(self, *_: str) -> None:
        self.write_json({"post": f"{self.format_}, see docs/protocol.md"})

    get: Callable[..., Any] = _say_here

    # --- who feeds ---

    def __init_subclass__(cls, **options: Any) -> None:
        """Whatever a format's handler does with a body, first it is known whose that is."""
        super().__init_subclass__(**options)
        for name in map(str.lower, _FEEDING):
            if name in vars(cls):
                setattr(cls, name, _of_somebody(vars(cls)[name]))

    def check_caller(self) -> None:
        if _is_foreign(self.request.headers.get("Authorization", "")):
            del self.request.headers["Authorization"]
        try:
            super().check_caller()
        except (NotAuthenticated, Forbidden) as error:
            if not self._is_feeding() or (isinstance(error, BadToken) and not self._is_refreshed):
                raise
            # answered when the body is there: who is still writing it does not read, and would only see a reset
            self._unknown = self._refused = error

    def data_received(self, chunk: bytes) -> None:
        super().data_received(chunk)
        if self._is_short and self._size > _UNPROVEN_BYTES and self._refused is None:
            self._is_short = False
            if not self._is_proven() and not self._token_in(self.so_far()):
                self._refused = NotAuthenticated("show a token that may write, in a header")
                self._chunks.clear()

    def _is_feeding(self) -> bool:
        return self.request.method in _FEEDING and self.request.method in self.allowed_methods()

    def _is_proven(self) -> bool:
        """Whether the body need not say whose it is."""
        try:
            authorise_feeding(self.caller)
        except (NotAuthenticated, Forbidden):
            return bool(self.get_query_argument("p", ""))
        return True

    async def answer_late(self, answer: Callable[..., Any], parts: tuple[str, ...]) -> None:
        """The token that stands in the body may just have been made by another process."""
        if not self._is_refreshed:
            await self.context.identity.refresh()
        self.authorise_feeder()
        answered = answer(self, *parts)
        if answered is not None:
            await answered

    def authorise_feeder(self) -> None:
        """Who feeds, and whether that one may; the token may also stand in the query or in a JSON body.

        Raises NotAuthenticated, Forbidden.
        """
        if self._unknown is not None:
            raise self._unknown
        self.authorise(self.shown_elsewhere())

    def shown_elsewhere(self) -> str:
        """The token in the query or in the body, of a request that shows none in its headers; empty: there is none."""
        if self.caller.token is not None:
            return ""
        return self.get_query_argument("p", "") or self._token_in(self.body())

    def _token_in(self, body: bytes) -> str:
        """Of a JSON object; where it is needed also the first in what is broken (what is wrong with it is said later), or an array."""
        if not self.body_shows:
            return ""
        start = body.lstrip()[:1]
        if start == b"{":
            try:
                said = _shown.decode(body)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                pass
            else:
                return said.auth_token or said.api_key
        found = _SHOWN.search(body) if start in (b"{", b"[") and not self._is_proven() else None
        return found[1].decode() if found else ""

    def authorise(self, shown: str = "") -> None:
        """By a token that stands elsewhere, or as who is known already; raises NotAuthenticated, Forbidden.

        Where no token is needed a foreign one is none: jobs and clients that come from elsewhere bring theirs.
        """
        if shown and self.caller.token is None:
            self.caller = self._shown_by(shown)
        authorise_feeding(self.caller)

    def _shown_by(self, shown: str) -> Caller:
        try:
            return self.context.identity.by_text(shown)
        except BadToken:
            try:
                authorise_feeding(self.caller)
            except NotAuthenticated:
                pass
            else:
                return self.caller
            raise

    # --- what is fed ---

    def request_id(self) -> str:
        """The Idempotency-Key: the same again stores nothing again; raises Invalid."""
        key = self.request.headers.get("Idempotency-Key", "")
        checked = check_text(key, field="Idempotency-Key", max_bytes=_MAX_REQUEST_ID_BYTES)
        owner = self.caller.token.id if self.caller.token is not None else self.caller.id or self.caller.kind
        return f"{owner}/{checked}" if checked else ""  # what one feeder calls its request is another's affair, too

    def latest_ms(self) -> int:
        """The latest time that a sample may carry now."""
        return self.intake.samples.latest_ms()

    async def parse(self, parse: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """The body, as ``parse`` reads it; a long one in a thread, so that the loop goes on meanwhile."""
        body = self.body()
        if len(body) <= self.parsed_at_once_bytes:
            return parse(body, *arguments, **options)
        return await asyncio.get_running_loop().run_in_executor(None, lambda: parse(body, *arguments, **options))

    async def accept(self, parsed: Parsed) -> Outcome:
        """Keep it; raises TooMany, Overloaded, Unavailable."""
        request_id = self.request_id()
        self._is_counted = True
        return await self.intake.accept(parsed, caller=self.caller, format_=self.format_, request_id=request_id)

    # --- answers ---

    def done(self, status: int = 204) -> None:
        """Answer without a body."""
        self.set_status(status)
        if status == 204:
            self.clear_header("Content-Type")
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish()

    def write_text(self, text: str, status: int = 200) -> None:
        """Answer with a line of text."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(text)

    def write_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        if self.get_status() in (400, 413, 415) and not self._is_counted:
            self.intake.note_fault(self.caller, self.format_, code, text, b"".join(self._chunks[:1]))
        if self.get_status() == 429:
            self.set_status(self.too_often_status)
        self.say_fault(code, text, extra)

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        """The body of an error, in the format's own terms; its status is set."""
        super().write_fault(code, text, extra)

    def _wants_page(self) -> bool:
        return False


class ReadingHandler(FeederHandler):
    """Takes JSON; ``read`` is what it means."""

    async def post(self, *parts: str) -> None:
        parsed = await self.read(*parts)
        self.answer(parsed, await self.accept(parsed))

    async def read(self, *parts: str) -> Parsed:
        """The body, parsed; raises Invalid."""
        raise NotImplementedError

    def answer(self, parsed: Parsed, outcome: Outcome) -> None:
        """What was taken, and what was not."""
        raise NotImplementedError


def faults_in(refused: Sequence[Refusal]) -> list[Refusal]:
    """Without those that say "no value", which are no fault of the sender."""
    return [refusal for refusal in refused if refusal.code != NOT_FINITE]


def first_reason(refused: Sequence[Refusal], what: str = "") -> str:
    """Why the first was not taken, with its place when ``what`` is counted."""
    first = refused[0]
    place = f"{what} {first.index}: " if what else ""
    return f"{place}{first.field + ': ' if first.field else ''}{first.reason}"


def told(refused: Sequence[Refusal]) -> list[dict[str, Any]]:
    """The refusals as our own answers list them."""
    return [{"index": r.index, "field": r.field, "reason": r.reason, "code": r.code} for r in refused[:_MAX_TOLD]]


def _is_foreign(header: str) -> bool:
    """Authorization that cannot be a token of ours: clients send root:root, or nothing, when they have nothing to say."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return scheme.lower() in ("bearer", "token") and not rest.strip()
    try:
        _, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return not password.startswith(TOKEN_PREFIX) and password.count(".") != 2
