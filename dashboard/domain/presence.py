"""Presence: the status of users, and when users and nodes count as gone (over the partition ``signals``)."""

from __future__ import annotations

from typing import Literal

Status = Literal["online", "away", "offline"]

#: Users of a node that was silent for this much of the journal's time count as offline on all nodes. Less than
#: ``SILENT_MS`` of a node, so that a crash shows within 15 s.
LOST_MS = 9_000
#: How long after closing the last page a user counts as offline, unless a page of this user is opened again.
GRACE_S = 5.0
#: How long a typing notice holds when it is not repeated.
TYPING_S = 5.0
