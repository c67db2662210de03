"""Who is here: what each node says of the people and screens connected to it, over the partition ``signals``."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Status = Literal["online", "away", "offline"]

#: A node that was silent for so much of the journal's time has lost its people, for everyone. Less than a node's own
#: silence, so that a crash shows within 15 s.
LOST_MS = 9_000
#: A user whose last page has gone is gone after so long, unless one comes back.
GRACE_S = 5.0
#: Typing that is not said again ends.
TYPING_S = 5.0


class UserHere(Struct, array_like=True, frozen=True):
    """One user on one node; no ``tabs``: not there any more. ``boards`` and ``rooms`` are sorted; a board stands once a tab."""

    user: str
    name: str
    status: Status
    since_ms: int
    tabs: int
    boards: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


class Roster(Struct, array_like=True, tag="r", frozen=True):
    """What has changed on a node since ``version - 1``; ``whole``: this is everybody there.

    ``screens``: how many pages without a person have which board open, those that changed.
    """

    node: str
    version: int
    whole: bool
    people: list[UserHere]
    screens: dict[str, int]


class AskRoster(Struct, array_like=True, tag="a", frozen=True):
    """Somebody does not know what the node has said: say everything again. An empty ``node``: all of them."""

    node: str


class DirectoryChanged(Struct, array_like=True, tag="s", frozen=True):
    """Users, tokens, sessions or rooms have changed in the store: look."""


class TypingSignal(Struct, array_like=True, tag="t", frozen=True):
    """Somebody writes in a room, or has stopped."""

    room: str
    user: str
    name: str
    is_typing: bool
