"""The messages of ``/ws``, both ways: one JSON object a text message, told apart by ``type``. See docs/protocol.md.

What many screens get alike (snapshots, frames, gaps) is encoded once, without an ``id``; ``with_id`` puts one in front.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from dashboard.messages.fields import PersonalRequest, RequestId

PROTOCOL_VERSION = 1

Millis = Annotated[float, Meta(ge=0, le=600_000)]


# --- from the client -------------------------------------------------------------------------------------------------


class Head(Struct, frozen=True):
    """What every message of a client has."""

    type: str
    id: RequestId | None = None


class Watch(Struct, frozen=True):
    """Show me a board, or what these selectors match; with ``since``, only what I have missed."""

    id: RequestId | None = None
    board: Annotated[str, Meta(max_length=100)] | None = None
    selectors: Annotated[list[str], Meta(max_length=100)] = []
    window_s: Annotated[float, Meta(ge=1, le=172_800)] | None = None
    rate_hz: Annotated[float, Meta(ge=0.1, le=30)] | None = None
    points: Annotated[int, Meta(ge=4, le=10_000)] | None = None
    since: Annotated[str, Meta(max_length=4_000)] | None = None


class Unwatch(Struct, frozen=True):
    """Stop sending this view."""

    view: Annotated[str, Meta(max_length=100)]
    id: RequestId | None = None


class Ping(Struct, frozen=True):
    """Are you there? ``painted_ms``: how long after acceptance recent values were painted, for the server's own board."""

    id: RequestId | None = None
    painted_ms: Annotated[list[Millis], Meta(max_length=100)] = []


Request = Watch | Unwatch | Ping | PersonalRequest


# --- from the server -------------------------------------------------------------------------------------------------


class Welcome(Struct, tag="welcome", frozen=True):
    """The first message on every connection."""

    protocol: int
    server: str
    build: str
    now: int
    heartbeat_s: float
    dead_s: float
    limits: dict[str, float]
    degraded: str = ""


class Definition(Struct, frozen=True, omit_defaults=True):
    """What is known of a series, and in a snapshot its history: ``t`` and ``v``, or ``t``, ``min``, ``mean``, ``max`` and ``newest``."""

    sid: int
    series: str
    name: str
    labels: dict[str, str]
    unit: str
    every_s: float | None
    last: int
    selectors: list[int]
    kind: str = ""
    ended: int = 0
    t: list[int] | None = None
    v: list[float] | None = None
    min: list[float] | None = None
    mean: list[float] | None = None
    max: list[float] | None = None
    newest: tuple[int, float] | None = None
    of: int | None = None


class DocumentState(Struct, frozen=True):
    """A document as it is now."""

    key: str
    body: Raw
    t: int
    every_s: float | None
    selectors: list[int]


class Snapshot(Struct, tag="snapshot", frozen=True):
    """Everything a view shows, as of ``position``; ``series`` (definitions with history) follow, see ``hub/view.py``."""

    view: str
    as_of: int
    position: str
    window_s: float
    rate_hz: float
    step_ms: int
    documents: list[DocumentState]


#: sid, times, values, and how many there were when they were made fewer
PointsRow = tuple[int, list[int], list[float]] | tuple[int, list[int], list[float], int]
#: sid, starts of the buckets, mins, means, maxs, time and value of the newest sample
BucketsRow = tuple[int, list[int], list[float], list[float], list[float], tuple[int, float] | None]


class Frame(Struct, tag="frame", frozen=True, omit_defaults=True):
    """What changed in a view up to ``position``, since the position of the message before."""

    view: str
    as_of: int
    position: str
    accepted: int | None = None
    points: list[PointsRow] = []
    buckets: list[BucketsRow] = []
    series: list[Definition] = []
    documents: list[DocumentState] = []
    gone: list[int] = []
    gone_documents: list[str] = []


class GapNotice(Struct, tag="gap", frozen=True):
    """Entries are missing between what the client holds and the snapshot that follows."""

    view: str
    reason: str
    position: str


class Degraded(Struct, tag="degraded", frozen=True):
    """The way of the data is disturbed: what is shown may be late. An empty reason: it is well again."""

    reason: str


class Drain(Struct, tag="drain", frozen=True):
    """This process stops: the connection will be closed with 4001 within so many seconds; come back elsewhere."""

    window_s: float


class Unwatched(Struct, tag="unwatched", frozen=True):
    """The view is not sent any more."""

    view: str


class Pong(Struct, tag="pong", frozen=True):
    """The answer to a ping."""

    now: int


class Error(Struct, tag="error", frozen=True):
    """A request that could not be served; the connection lives on unless a close frame follows."""

    code: str
    message: str


Reply = Welcome | Snapshot | Frame | GapNotice | Degraded | Drain | Unwatched | Pong | Error

_encoder = msgspec.json.Encoder()


def encode(message: Reply) -> bytes:
    """The message's JSON text, without an id."""
    return _encoder.encode(message)


def encode_definition(definition: Definition) -> bytes:
    """One definition's JSON text."""
    return _encoder.encode(definition)


def with_id(body: bytes, request_id: int | str | None) -> bytes:
    """Put the request's id into an encoded message."""
    if request_id is None:
        return body
    return b'{"id":' + _encoder.encode(request_id) + b"," + body[1:]
