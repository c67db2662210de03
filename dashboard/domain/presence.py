"""Who is here: what each node says of the people and screens connected to it, over the partition ``signals``."""

from __future__ import annotations

from typing import Literal

Status = Literal["online", "away", "offline"]

#: A node that was silent for so much of the journal's time has lost its people, for everyone. Less than a node's own
#: silence, so that a crash shows within 15 s.
LOST_MS = 9_000
#: A user whose last page has gone is gone after so long, unless one comes back.
GRACE_S = 5.0
#: Typing that is not said again ends.
TYPING_S = 5.0
