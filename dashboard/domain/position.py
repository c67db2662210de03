"""A place in the journal. ``seq`` is contiguous from 1 within an ``epoch``; 0 is before the first entry."""

from __future__ import annotations

import re
from typing import NamedTuple

from dashboard.domain.errors import Invalid

_TEXT = re.compile(r"([0-9a-f]{8,32})\.([0-9]{1,19})")


class Position(NamedTuple):
    """An epoch (lower-case hex) and a sequence number. The epoch changes if and only if entries may have been lost."""

    epoch: str
    seq: int

    @property
    def text(self) -> str:
        """The opaque string that clients see and give back."""
        return f"{self.epoch}.{self.seq}"


def parse_position(text: str) -> Position:
    """The inverse of ``Position.text``; raise Invalid."""
    found = _TEXT.fullmatch(text)
    if not found:
        raise Invalid("is not a position that this server gave out", field="since")
    return Position(found[1], int(found[2]))
