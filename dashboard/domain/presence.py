"""Presence: the status of users, and the silence after which users and nodes count as gone."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Status = Literal["online", "away", "offline"]

#: Users of a node that was silent for this much of the journal's time count as disconnected on all nodes. Less than
#: ``SILENT_MS`` of a node, so that a crash shows within 15 s.
LOST_MS = 9_000
#: How long after the last page was closed a user counts as disconnected, unless this user opens a page again.
GRACE_S = 5.0
#: How long a typing notice holds when it is not repeated.
TYPING_S = 5.0


class Reach(Struct, frozen=True):
    """Counts of those who have a board open.

    ``screens``: number of pages without a user.  ``viewers``: number of users.
    """

    screens: int
    viewers: int
