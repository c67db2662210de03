"""Messages about views on ``/ws``, in both directions. Each is one JSON object in a text message. See docs/protocol.md.

The field ``type`` names the kind of a message.  Messages that many screens get unchanged (snapshots, frames, gaps) are
encoded once, without an ``id``; ``with_id`` adds the ``id`` at the front.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from dashboard.messages.fields import PersonalRequest, RequestId

PROTOCOL_VERSION = 1

#: Indices that a request may leave out.
MAX_SKIPPED = 2_000
Place = Annotated[int, Meta(ge=0, le=100_000)]
Millis = Annotated[float, Meta(ge=0, le=600_000)]


# --- from the client -------------------------------------------------------------------------------------------------


class Head(Struct, frozen=True):
    """Fields of every message of a client."""

    type: str
    id: RequestId | None = None


class Watch(Struct, frozen=True):
    """Request to show a board or the series that selectors match; ``since`` asks for the changes after a position.

    ``tag``: the state of the board that the client has; if the board has changed since, the reply is a snapshot with the board.
    ``skip``: indices of the selectors that are left out for now: in ``selectors``, or in the list of the board in the state ``tag``.
    """

    id: RequestId | None = None
    board: Annotated[str, Meta(max_length=100)] | None = None
    selectors: Annotated[list[str], Meta(max_length=100)] = []
    window_s: Annotated[float, Meta(ge=1, le=172_800)] | None = None
    rate_hz: Annotated[float, Meta(ge=0.1, le=30)] | None = None
    points: Annotated[int, Meta(ge=4, le=10_000)] | None = None
    since: Annotated[str, Meta(max_length=4_000)] | None = None
    tag: Annotated[str, Meta(max_length=100)] | None = None
    skip: Annotated[list[Place], Meta(max_length=MAX_SKIPPED)] = []


class Unwatch(Struct, frozen=True):
    """Request to stop a view."""

    view: Annotated[str, Meta(max_length=100)]
    id: RequestId | None = None


class Ping(Struct, frozen=True):
    """Request for a ``pong``. ``painted_ms``: times from acceptance to paint of recent values, for the server's statistics."""

    id: RequestId | None = None
    painted_ms: Annotated[list[Millis], Meta(max_length=100)] = []


Request = Watch | Unwatch | Ping | PersonalRequest


# --- from the server -------------------------------------------------------------------------------------------------


class Welcome(Struct, tag="welcome", frozen=True):
    """First message on every connection."""

    protocol: int
    server: str
    build: str
    now: int
    heartbeat_s: float
    dead_s: float
    limits: dict[str, float]
    degraded: str = ""


class Definition(Struct, frozen=True, omit_defaults=True):
    """Description of a series. In a snapshot it has the history: ``t`` and ``v``, or ``t``, ``min``, ``mean``, ``max`` and ``newest``."""

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
    """Document in its present state."""

    key: str
    body: Raw
    t: int
    every_s: float | None
    selectors: list[int]


class Snapshot(Struct, tag="snapshot", frozen=True):
    """Full state of a view as of ``position``; ``series`` (definitions with history) follow, see ``hub/view.py``."""

    view: str
    as_of: int
    position: str
    window_s: float
    rate_hz: float
    step_ms: int
    documents: list[DocumentState]


#: sid, times, values, and the number of samples before thinning if they were thinned
PointsRow = tuple[int, list[int], list[float]] | tuple[int, list[int], list[float], int]
#: sid, starts of the buckets, mins, means, maxs, time and value of the newest sample
BucketsRow = tuple[int, list[int], list[float], list[float], list[float], tuple[int, float] | None]


class Frame(Struct, tag="frame", frozen=True, omit_defaults=True):
    """Changes of a view up to ``position`` since the position of the previous message."""

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
    """Notice that entries are missing between the client's position and the snapshot that follows."""

    view: str
    reason: str
    position: str


class Degraded(Struct, tag="degraded", frozen=True):
    """Notice that data may be late because the server has a fault; an empty reason means that the fault is over."""

    reason: str


class Drain(Struct, tag="drain", frozen=True):
    """Notice that this process stops: it closes the connection with 4001 within ``window_s`` seconds, and clients should connect again."""

    window_s: float


class Unwatched(Struct, tag="unwatched", frozen=True):
    """Reply to ``unwatch``: the view is no longer sent."""

    view: str


class Pong(Struct, tag="pong", frozen=True):
    """Reply to ``ping``."""

    now: int


class Error(Struct, tag="error", frozen=True):
    """Reply to a request that failed; the connection stays open unless a close frame follows."""

    code: str
    message: str


Reply = Welcome | Snapshot | Frame | GapNotice | Degraded | Drain | Unwatched | Pong | Error

_encoder = msgspec.json.Encoder()


def encode(message: Reply) -> bytes:
    """Return the JSON text of a message, without an id."""
    return _encoder.encode(message)


def encode_definition(definition: Definition) -> bytes:
    """Return the JSON text of a definition."""
    return _encoder.encode(definition)


def with_id(body: bytes, request_id: int | str | None) -> bytes:
    """Return an encoded message with the request's id added; return it unchanged if the id is None."""
    if request_id is None:
        return body
    return b'{"id":' + _encoder.encode(request_id) + b"," + body[1:]
