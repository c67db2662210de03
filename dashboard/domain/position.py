"""A place in the journal. ``seq`` is contiguous from 1 within an ``epoch``; 0 is before the first entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dashboard.domain.errors import Invalid

_TEXT = re.compile(r"([0-9a-f]{8,32})\.([0-9]{1,19})")


class Position(NamedTuple):
    """An epoch (lower-case hex) and a sequence number. The epoch changes if and only if entries may have been lost."""

    epoch: str
    seq: int

    @property
    def text(self) -> str:
        """``epoch.seq``."""
        return f"{self.epoch}.{self.seq}"


def positions_text(positions: Iterable[Position]) -> str:
    """The opaque string that clients see and give back: of one position, or of a view that needs several partitions."""
    return "-".join(position.text for position in positions)


def parse_positions(text: str) -> list[Position]:
    """The inverse; raise Invalid."""
    found = [_TEXT.fullmatch(part) for part in text.split("-")]
    if not all(found):
        raise Invalid("is not a position that this server gave out", field="since")
    return [Position(each[1], int(each[2])) for each in found if each]
