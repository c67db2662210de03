"""Signals between processes, kept for a minute; ``cluster/bus.py`` publishes and receives them."""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.feeder import FeederState
from dashboard.domain.presence import Status
from dashboard.domain.rate import Pace
from dashboard.entries.codec import Codec


class Signal(Struct, array_like=True, frozen=True):
    """Base of the payloads of the partition ``signals``."""


class NodeBeat(Signal, tag="n", frozen=True):
    """Heartbeat of a running process. ``id`` is new with every start, ``name`` stays; ``readings``: see ``cluster/vitals.py``.

    ``roster``: the version of the last ``Roster`` that the process published.  ``board_files``: the version of each board
    file of the process' folder, by board; None if an older server said nothing about them.
    """

    id: str
    name: str
    started_ms: int
    build: str
    restarts: int
    readings: dict[str, float]
    roster: int = 0
    board_files: dict[str, str] | None = None


class NodeLeft(Signal, tag="l", frozen=True):
    """Orderly stop of the process ``id``."""

    id: str


class NodeReached(Signal, tag="j", frozen=True):
    """Addresses by which other processes reach the process ``id``, see ``node_sockets.py``."""

    id: str
    addresses: tuple[str, ...]


class UserHere(Struct, array_like=True, frozen=True):
    """User on one process. ``tabs``: number of open tabs; 0: the user has left the process.

    ``boards`` has one entry for each tab; ``boards`` and ``rooms`` are sorted.
    """

    user: str
    name: str
    status: Status
    since_ms: int
    tabs: int
    boards: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


class Roster(Signal, tag="r", frozen=True):
    """Changed users of a process since ``version - 1``, or all its users if ``whole``.

    ``screens``: number of open pages without a user, by board; only boards whose number has changed, unless ``whole``.
    """

    node: str
    version: int
    whole: bool
    people: list[UserHere]
    screens: dict[str, int]


class AskRoster(Signal, tag="a", frozen=True):
    """Request to a process to publish its whole roster; an empty ``node`` asks all processes."""

    node: str


class DirectoryChanged(Signal, tag="s", frozen=True):
    """Change of users, tokens, sessions or rooms in the store."""


class TypingSignal(Signal, tag="t", frozen=True):
    """Start or end of a user's typing in a room."""

    room: str
    user: str
    name: str
    is_typing: bool


class IngestStatsUpdate(Signal, tag="f", frozen=True):
    """Changed feeders of a process since its last update; ``whole``: True if these are all its feeders."""

    node: str
    whole: bool
    feeders: list[FeederState]


class ScreenOrder(Signal, tag="o", frozen=True):
    """Order to the screens of a board, see ``domain/screen_order.py``."""

    board: str
    order: str


class EditorAt(Signal, tag="w", frozen=True):
    """Editor of a board and the tile that the editor has selected; ``place``: where a tile is being dragged (x, y, w, h).

    ``page`` is the editor's page, new with each load. ``gone``: True if the page has left the board.
    """

    board: str
    page: str
    user: str
    name: str
    widget: str
    place: tuple[int, int, int, int] | None = None
    gone: bool = False


class AskEditors(Signal, tag="q", frozen=True):
    """Request to all processes to announce their editors of a board again."""

    board: str


class SeriesOwned(Signal, tag="h", frozen=True):
    """Series that an owner has: exactly ``keys`` if ``whole``; otherwise ``keys`` are added to the earlier series, and
    ``gone`` are removed.

    An owner is a feeder's token with the series that it fed, or a group of a Pushgateway. ``holder`` is the owner's
    name.
    """

    node: str
    kind: str
    holder: str
    whole: bool
    keys: list[str]
    gone: list[str] = []


class AskSeriesOwned(Signal, tag="k", frozen=True):
    """Request to all other processes to publish the series of their owners: the asking process may have missed signals."""

    node: str


class OriginsClaimed(Signal, tag="c", frozen=True):
    """Owners of series in the formats of ``kind``, see ``ingest/origins.py``.

    ``claims``: for each series, its origin, and the time (ms) since which the origin owns the series.
    """

    node: str
    kind: str
    claims: dict[str, tuple[str, int]]


class RequestsBegun(Signal, tag="b", frozen=True):
    """Requests that a process has received for the first time. ``times``: when (ms), by a hash of the request."""

    node: str
    times: dict[str, int]


class RateUsed(Signal, tag="p", frozen=True):
    """Use of shared rate limits by a process. ``spent``: the limit and the amount used, for each feeder's token or
    user."""

    node: str
    kind: str
    spent: dict[str, tuple[Pace, float]]


class ClientKnown(Struct, frozen=True, array_like=True):
    """Client that can be recovered without credentials, and its user. ``key``: the hash of the client's secret id."""

    key: str
    kind: str
    user: str
    name: str
    session: str
    version: int
    expires_ms: int | None = None


class ClientsKnown(Signal, tag="u", frozen=True):
    """Recoverable clients of a process, and the keys of the clients that have left for good."""

    clients: list[ClientKnown]
    gone: list[str] = []


#: Every payload by its tag. Tags are stored: none is changed or used again.
SIGNALS: dict[str, type[Signal]] = {
    "n": NodeBeat,
    "l": NodeLeft,
    "r": Roster,
    "a": AskRoster,
    "s": DirectoryChanged,
    "t": TypingSignal,
    "f": IngestStatsUpdate,
    "o": ScreenOrder,
    "h": SeriesOwned,
    "k": AskSeriesOwned,
    "p": RateUsed,
    "c": OriginsClaimed,
    "b": RequestsBegun,
    "j": NodeReached,
    "w": EditorAt,
    "q": AskEditors,
    "u": ClientsKnown,
}

SIGNAL_CODEC: Codec[Signal] = Codec(SIGNALS)
