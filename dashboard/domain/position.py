"""Position in the journal. ``seq`` is contiguous from 1 within an ``epoch``; 0 is before the first entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dashboard.domain.errors import Invalid

_TEXT = re.compile(r"([0-9a-f]{8,32})\.([0-9]{1,19})(?:\.([0-9]{1,15}))?")


class Position(NamedTuple):
    """Epoch (lower-case hex) and sequence number. The epoch changes if and only if entries may have been lost."""

    epoch: str
    seq: int

    @property
    def text(self) -> str:
        """Text ``epoch.seq``."""
        return f"{self.epoch}.{self.seq}"


class Seen(NamedTuple):
    """Position as screens know it, with the journal's time of its entry (0: not known).

    The time distinguishes two entries with the same number.  Such entries exist after a lagging copy of the journal
    took over.  If every process that had read the lost entries died as well, only the screens can notice the loss.
    """

    epoch: str
    seq: int
    t_ms: int = 0

    @property
    def text(self) -> str:
        """Text ``epoch.seq`` or ``epoch.seq.time``."""
        return f"{self.epoch}.{self.seq}.{self.t_ms}" if self.t_ms else f"{self.epoch}.{self.seq}"


def positions_text(positions: Iterable[Seen]) -> str:
    """Return the opaque string for clients: of one position, or of several when a view needs several partitions."""
    return "-".join(position.text for position in positions)


def parse_positions(text: str) -> list[Seen]:
    """Return the positions in a string of ``positions_text``. Raises Invalid for any other string."""
    found = [_TEXT.fullmatch(part) for part in text.split("-")]
    if not all(found):
        raise Invalid("is not a position; send a position from this server", field="since")
    return [Seen(each[1], int(each[2]), int(each[3] or 0)) for each in found if each]
