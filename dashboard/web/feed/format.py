"""Interface of feeders' formats: parsing of bodies, and answers to senders.

Each format is one object, created once with its caches.  ``feeding.py`` does the rest, which is the same for all formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

import msgspec
from msgspec import structs
from tornado.httputil import HTTPHeaders

from dashboard.ingest.batch import MAX_REFUSALS, Refusal
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.ingest.slices import Slice, items_in
from dashboard.intake.outcome import Outcome

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
_MAX_TOLD = 1_000


class FeedRequest(NamedTuple):
    """Parts of a request that a format needs.

    ``address``: the path as it was sent; ``path``: the parts of the path that match the route's variables, unquoted.
    ``query``: the last value of each argument.
    ``now_ms``: the journal's time; ``latest_ms``: the latest time that a sample may have.
    """

    body: bytes
    address: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: HTTPHeaders
    now_ms: int
    latest_ms: int

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def encoding(self) -> str:
        """The encoding that the body still has, after gzip was decompressed."""
        encoding = encoding_in(self.headers)
        return "" if encoding in ("identity", "gzip", "x-gzip") else encoding


def encoding_in(headers: HTTPHeaders) -> str:
    """Return the body's encoding as the headers state it, in lower case; "" if they state none."""
    return headers.get("Content-Encoding", "").strip().lower()


class Answer(NamedTuple):
    """A whole response. If ``content_type`` and the body are empty, there is no body.

    ``headers``: further headers, in addition to those of the format.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Fault(NamedTuple):
    """Reason for refusing a request; ``code`` and ``extra`` are fields of this server's own JSON errors."""

    status: int
    code: str
    text: str
    extra: Mapping[str, object]


class BodyPart(NamedTuple):
    """Part of a long body. ``first``: the index from which its refusals are counted; ``name``: tells it from the other parts."""

    first: int
    name: str
    parsed: Parsed


def json_answer(value: object, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, msgspec.json.encode(value), JSON)


def text_answer(text: str, status: int = 200) -> Answer:
    """Return an answer in plain text."""
    return Answer(status, text.encode(), TEXT)


class Format:
    """Parser and answers of one format; the defaults are those of this server's own formats.

    ``name``: the name in counters.  ``later_status``: the status that this format's senders understand as "try again later".
    ``encodings``: content encodings that ``parse`` decompresses itself; the handler decompresses all others.
    ``shows_token``: a JSON body may contain the token. ``takes_any_bytes``: every body is readable, so none is checked for an
    encoding that no header states.
    ``is_asked_first``: this format's senders authenticate only after a 401, so the first 401 is not counted as a refusal.
    ``parsed_at_once_bytes``: longer bodies are parsed in a thread.  ``headers``: added to every answer.
    """

    name = ""
    later_status = 429
    encodings: tuple[str, ...] = ()
    shows_token = True
    takes_any_bytes = False
    is_asked_first = False
    parsed_at_once_bytes = 131_072
    headers: ClassVar[Mapping[str, str]] = {}
    #: The WWW-Authenticate header, without which agents do not send their credentials.
    challenge = 'Basic realm="dashboard"'

    def greet(self, request: FeedRequest) -> Answer:
        """Return the answer to GET, by which feeders check that the server exists."""
        return json_answer({"post": f"{self.name}, see docs/protocol.md"})

    def slices(self, body: bytes) -> Iterator[Slice]:
        """Yield parts of a long body that can be parsed and accepted one after the other. The caller runs each step in a thread."""
        yield Slice(0, body)

    def parts(self, request: FeedRequest) -> Iterator[BodyPart]:
        """Parse a long body part by part; the caller accepts each part before it takes the next, and runs each step in a thread.

        After ``MAX_REFUSALS`` refusals the other slices are refused unread.
        """
        faults = 0
        for some in self.slices(request.body):
            name = f"/slice {some.first}" if some.first else ""
            if faults >= MAX_REFUSALS:
                parsed = Parsed()
                parsed.batch.leave_unread(0, items_in(some.body))
                yield BodyPart(some.first, name, parsed)
                continue
            for part in parts_of(self.parse(request._replace(body=some.body)), some.first, name):
                faults += len(part.parsed.batch.refused) - part.parsed.batch.not_finite
                yield part

    def check_long(self, request: FeedRequest) -> None:
        """Raise TooLarge if the body is long and the sender wants all of it stored or nothing: only one slice can be stored so."""

    def parse(self, request: FeedRequest) -> Parsed:
        """Read the body; raises Invalid. Long bodies are read in a thread."""
        raise NotImplementedError

    def moved(self, refusal: Refusal, first: int) -> Refusal:
        """Return the refusal with its index in the whole body; ``first``: the index of the slice's first sample."""
        return structs.replace(refusal, index=refusal.index + first)

    def request_key(self, request: FeedRequest, parsed: Parsed) -> str:
        """Return a key that is equal for a repeated request, so that its data is stored once; empty if repeats cannot be recognised."""
        return ""

    def shown(self, request: FeedRequest) -> str:
        """Return the text to show for a body that is refused as a whole; if empty, the beginning of the body is shown."""
        return ""

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Return the answer with accepted and refused samples; an Invalid raised here becomes a refusal of the request."""
        raise NotImplementedError

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        """Return the answer to a request that is refused as a whole, in the format's own terms."""
        return json_answer({"code": fault.code, "error": fault.text, **fault.extra}, fault.status)


def parts_of(parsed: Parsed, first: int = 0, name: str = "") -> Iterator[BodyPart]:
    """Yield a parsed body or slice, and the parts that are still to parse. ``first``, ``name``: those of the slice.

    The names of several parts contain the numbers of their rows. If a repeated request is divided at other rows, some rows
    are stored twice, but none is lost.
    """
    rows, rest = len(parsed.batch.keys), parsed.rest
    yield BodyPart(first, name if rest is None else f"{name}/rows 0-{rows}", parsed)
    for each in rest or ():
        end = rows + len(each.batch.keys)
        yield BodyPart(first, f"{name}/rows {rows}-{end}", each)
        rows = end


def faults_in(refused: Sequence[Refusal]) -> list[Refusal]:
    """Return the refusals that are the sender's fault. NaN and ±Inf are no fault: they mean "no value"."""
    return [refusal for refusal in refused if refusal.code != NOT_FINITE]


def first_reason(refused: Sequence[Refusal], what: str = "") -> str:
    """Return the reason of the first refusal, with its index when ``what`` names the counted items."""
    first = refused[0]
    place = f"{what} {first.index}: " if what else ""
    return f"{place}{first.field + ': ' if first.field else ''}{first.reason}"


def first_fault(faults: Sequence[Refusal], what: str) -> str:
    """Return the reason of the first refusal, with the index and the beginning of the refused item."""
    first = faults[0]
    return f"{first_reason(faults, what)} ({first.snippet})" if first.snippet else first_reason(faults, what)


def told(refused: Sequence[Refusal]) -> list[dict[str, object]]:
    """Return the refusals in the form of this server's own answers, at most ``_MAX_TOLD``."""
    return [{"index": r.index, "field": r.field, "reason": r.reason, "code": r.code} for r in refused[:_MAX_TOLD]]
