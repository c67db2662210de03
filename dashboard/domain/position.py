"""A place in the journal. ``seq`` is contiguous from 1 within an ``epoch``; 0 is before the first entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dashboard.domain.errors import Invalid

_TEXT = re.compile(r"([0-9a-f]{8,32})\.([0-9]{1,19})(?:\.([0-9]{1,15}))?")


class Position(NamedTuple):
    """An epoch (lower-case hex) and a sequence number. The epoch changes if and only if entries may have been lost."""

    epoch: str
    seq: int

    @property
    def text(self) -> str:
        """``epoch.seq``."""
        return f"{self.epoch}.{self.seq}"


class Seen(NamedTuple):
    """A position as screens know it, with the journal's time of its entry (0: not known).

    The time tells two entries of one number apart: where a lagging copy of the journal took over while every process that
    had read the lost entries died, nobody but the screens can notice.
    """

    epoch: str
    seq: int
    t_ms: int = 0

    @property
    def text(self) -> str:
        """``epoch.seq`` or ``epoch.seq.time``."""
        return f"{self.epoch}.{self.seq}.{self.t_ms}" if self.t_ms else f"{self.epoch}.{self.seq}"


def positions_text(positions: Iterable[Seen]) -> str:
    """The opaque string that clients see and give back: of one position, or of a view that needs several partitions."""
    return "-".join(position.text for position in positions)


def parse_positions(text: str) -> list[Seen]:
    """The inverse; raise Invalid."""
    found = [_TEXT.fullmatch(part) for part in text.split("-")]
    if not all(found):
        raise Invalid("is not a position that this server gave out", field="since")
    return [Seen(each[1], int(each[2]), int(each[3] or 0)) for each in found if each]
