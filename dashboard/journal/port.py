"""The journal's contract. Every engine passes ``tests/contract/test_journal.py`` unchanged.

- One order: ``seq`` is contiguous from 1 within an epoch, given in the same atomic step that stores the entry.
- The epoch changes if and only if entries may have been lost.
- ``append`` is idempotent by ``request_id`` for as long as the entry is kept.
- A reader that cannot be given every entry after its position is given a ``Gap`` first.
- Size is bounded by age and by bytes; what is over is trimmed from the old end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from dashboard.domain.position import Position

#: The partition of series and documents; more (``metrics.1`` …) come with several processes.
METRICS = "metrics.0"
#: What processes tell each other of themselves.
SIGNALS = "signals"
#: Room events: messages and read marks, as the store has them. A reader that misses some reads the store.
ROOMS = "events"
#: Signals are worth nothing after so many seconds.
_SIGNALS_S = 60.0


def retention_s(partition: str) -> float:
    """How long this kind of partition is kept at the most, whatever the settings say."""
    return _SIGNALS_S if partition == SIGNALS else float("inf")


class Entry(NamedTuple):
    """One accepted thing: its number, the journal's time of acceptance, its bytes (see ``entries/samples.py``)."""

    seq: int
    t_ms: int
    payload: bytes


class Gap(NamedTuple):
    """Entries that this reader should have got are not there; reading goes on after ``position``."""

    reason: str  # "epoch": other journal or lost entries; "ahead": rewound; "trimmed": too old
    position: Position


class Checkpoint(NamedTuple):
    """A stored state: everything up to ``position`` is in ``records``; a record may already hold later entries."""

    position: Position
    records: dict[str, bytes]


#: Whichever checkpoint is stored.
ANY = Position("", -1)


class Journal(Protocol):
    """What the rest of the program knows of an engine."""

    async def open(self) -> None:
        """Make ready; raises ConfigurationError when the place cannot be used (locked by another process, not writable)."""

    async def run(self) -> None:
        """Write what is appended, until cancelled. The caller supervises it."""

    async def close(self) -> None:
        """Store what is pending and let go of everything."""

    def head(self, partition: str) -> Position:
        """The position of the newest entry."""

    async def attach(self, partition: str) -> Position:
        """The position of the newest entry, asked anew; waits until the store answers."""

    def size_bytes(self) -> int:
        """Payload bytes kept now, over all partitions."""

    def fault(self) -> str:
        """What cannot be done and why, as "cannot store: disk full"; empty when the last attempts to store and to read did well."""

    async def append(self, partition: str, payload: bytes, *, request_id: str = "") -> Position:
        """Store one entry and return its position once it is kept.

        A ``request_id`` seen before returns the first position and stores nothing.  Raises Overloaded when the bounded
        buffer of waiting entries is full, Unavailable when the store refuses.  Cancelling does not take an entry back.
        """

    def follow(self, partition: str, after: Position) -> AsyncIterator[Gap | list[Entry]]:
        """Every entry after ``after``, in order, in batches, for ever; new ones as they are stored."""

    async def save_checkpoint(
        self,
        partition: str,
        position: Position,
        records: AsyncIterator[list[tuple[str, bytes | None]]],
        *,
        whole: bool = False,
        base: Position | None = ANY,
    ) -> None:
        """Replace the stored checkpoint's position and the named records (None: remove), all at once or not at all.

        ``whole``: these are all the records there are; others that are stored go.  ``base``: the checkpoint that is
        stored now must be the one of this position (None: there must be none), else Conflict.
        """

    async def checkpoint_position(self, partition: str) -> Position | None:
        """Of the stored checkpoint; None: there is none. Raises Unavailable."""

    async def load_checkpoint(self, partition: str) -> Checkpoint | None:
        """The stored checkpoint, if there is one. Raises Unavailable (try again), Invalid (it is damaged)."""

    async def hold(self, name: str, for_s: float) -> bool:
        """Take the lease ``name`` for so many seconds, or renew it; False: another process has it (or nobody can tell)."""
