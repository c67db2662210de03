"""Stamps: columns of seqs and times that several series share.

The series of a list get their samples in the same entries and at the same times, so one copy of these two columns serves all of them.
A series that gets a sample by another way, or loses one, takes copies of its own before (``RawSamples.own``). So sharing changes
what a series costs, never what it holds.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from operator import lt
from typing import Protocol, TypeVar


class Stamps:
    """Shared columns. ``members``: number of series that share them. ``version``: changes when a series stops sharing them."""

    __slots__ = ("members", "seqs", "times", "version")

    def __init__(self, seqs: array[int], times: array[int]) -> None:
        self.seqs = seqs
        self.times = times
        self.members = 0
        self.version = 0

    def join(self) -> None:
        """Count one more series."""
        self.members += 1

    def leave(self) -> None:
        """Count one series less."""
        self.members -= 1
        self.version += 1

    def cut(self, cut: int) -> int:
        """Remove the first ``cut`` items, at least one; return the seq of the last of them. The caller trims the values of all members."""
        seq = self.seqs[cut - 1]
        del self.seqs[:cut], self.times[:cut]
        return seq


class Sharing(Protocol):
    """The part of a series that sharing needs."""

    @property
    def stamps(self) -> Stamps | None:
        """The stamps that the series shares; None: its columns are its own."""

    @property
    def columns(self) -> tuple[array[int], array[int], array[float]]:
        """The columns seqs, times and values."""

    @property
    def may_share(self) -> bool:
        """True until the columns have been added to a list that keeps them."""

    def share(self, stamps: Stamps) -> None:
        """Use the stamps instead of own columns with the same content."""

    def own(self) -> None:
        """Stop sharing, for good."""


S = TypeVar("S", bound=Sharing)


def shared_by(every: Sequence[S]) -> list[Stamps]:
    """Let series of one list share their seqs and times as far as they can, and return the stamps that they share.

    Stamps that are also shared by a series outside of the list cannot be used, so their series get columns of their own.
    """
    counts = Counter(series.stamps for series in every if series.stamps is not None)
    foreign = {stamps for stamps, count in counts.items() if count < stamps.members}  # before the first series leaves
    for series in every:
        if series.stamps in foreign:
            series.own()
    new = [series for series in every if series.may_share and series.stamps is None]
    if len(new) > 1 and (stamps := _stamps_of(new[0])) is not None:
        for series in new:
            if series.columns[:2] == (stamps.seqs, stamps.times):
                series.share(stamps)
    for series in every:
        if series.stamps is None:
            series.own()
    return list({id(series.stamps): series.stamps for series in every if series.stamps is not None}.values())


def _stamps_of(series: Sharing) -> Stamps | None:
    """Return stamps with the content of a series' columns; None if its times do not ascend."""
    seqs, times, _ = series.columns
    return Stamps(seqs[:], times[:]) if all(map(lt, times, times[1:])) else None
