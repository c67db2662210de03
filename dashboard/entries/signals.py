"""Payloads that processes tell each other, kept for a minute; published and heard over ``cluster/bus.py``."""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.feeder import FeederState
from dashboard.domain.presence import Status
from dashboard.domain.rate import Pace
from dashboard.entries.codec import Codec


class Signal(Struct, array_like=True, frozen=True):
    """Base of the payloads of the partition ``signals``."""


class NodeBeat(Signal, tag="n", frozen=True):
    """A process runs. ``id`` is new with every start, ``name`` stays; ``readings``: its vital numbers by name.

    ``roster``: the version of the last ``Roster`` that the process published.
    """

    id: str
    name: str
    started_ms: int
    build: str
    restarts: int
    readings: dict[str, float]
    roster: int = 0


class NodeLeft(Signal, tag="l", frozen=True):
    """The process ``id`` has stopped on purpose."""

    id: str


class UserHere(Struct, array_like=True, frozen=True):
    """One user on one process; no ``tabs``: not there any more. ``boards`` and ``rooms`` are sorted; a board stands once a tab."""

    user: str
    name: str
    status: Status
    since_ms: int
    tabs: int
    boards: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


class Roster(Signal, tag="r", frozen=True):
    """The users of a process that changed since ``version - 1``; ``whole``: these are all of them.

    ``screens``: how many pages without a user have which board open, those that changed.
    """

    node: str
    version: int
    whole: bool
    people: list[UserHere]
    screens: dict[str, int]


class AskRoster(Signal, tag="a", frozen=True):
    """Asks a process to publish its whole roster; an empty ``node`` asks all of them."""

    node: str


class DirectoryChanged(Signal, tag="s", frozen=True):
    """Users, tokens, sessions or rooms have changed in the store."""


class TypingSignal(Signal, tag="t", frozen=True):
    """A user types in a room, or has stopped."""

    room: str
    user: str
    name: str
    is_typing: bool


class IngestStatsUpdate(Signal, tag="f", frozen=True):
    """The feeders of a process that changed since its last update; ``whole``: these are all of them."""

    node: str
    whole: bool
    feeders: list[FeederState]


class ScreenOrder(Signal, tag="o", frozen=True):
    """An order to the screens of a board, see ``domain/screen_order.py``."""

    board: str
    order: str


class SeriesOwned(Signal, tag="h", frozen=True):
    """An owner of this kind owns ``keys``; ``whole``: and no others; otherwise also what it owned before, without ``gone``.

    An owner is a feeder's token with the series that it fed, or a group of a Pushgateway.
    """

    node: str
    kind: str
    holder: str
    whole: bool
    keys: list[str]
    gone: list[str] = []


class AskSeriesOwned(Signal, tag="k", frozen=True):
    """This process may have missed signals: asks all others to publish what is owned."""

    node: str


class RateUsed(Signal, tag="p", frozen=True):
    """What a process let through, by holder: the pace that the holder may have, and how much it used."""

    node: str
    kind: str
    spent: dict[str, tuple[Pace, float]]


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
}

SIGNAL_CODEC: Codec[Signal] = Codec(SIGNALS)
