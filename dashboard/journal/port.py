"""Contract of the journal. Every engine passes ``tests/contract/test_journal.py`` unchanged.

- One order: ``seq`` is contiguous from 1 within an epoch, and given in the same atomic step that stores the entry.
- The epoch changes if and only if entries may have been lost.
- ``append`` is idempotent by ``request_id`` for as long as the entry is kept.
- A reader that cannot get every entry after its position gets a ``Gap`` first.
- The journal is bounded by age and by bytes; the oldest entries are removed first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from dashboard.domain.position import Position

#: Partition of series and documents. With several partitions of metrics the others are ``metrics.1`` and so on.
METRICS = "metrics.0"
#: Partition of the signals that processes send each other.
SIGNALS = "signals"
#: Partition of room events: messages and read marks, as the store has them. A reader that misses some reads the store.
ROOMS = "events"
#: Seconds after which signals are removed: older ones have no use.
_SIGNALS_S = 60.0


def retention_s(partition: str) -> float:
    """Return an upper bound, in seconds, of the time for which a partition's entries are kept; the settings may only shorten this time."""
    return _SIGNALS_S if partition == SIGNALS else float("inf")


class Entry(NamedTuple):
    """Entry of the journal: its number, the journal's time of acceptance, its bytes (see ``dashboard/entries/``)."""

    seq: int
    t_ms: int
    payload: bytes


class Gap(NamedTuple):
    """Notice to a reader that entries are missing; reading continues after ``position``."""

    reason: str  # "epoch": another epoch; "ahead": the journal was rewound; "trimmed": the entries are too old
    position: Position


class Checkpoint(NamedTuple):
    """Stored state: ``records`` contain the state up to ``position``; a record may already include later entries."""

    position: Position
    records: dict[str, bytes]


#: Value of ``base`` that stands for any stored checkpoint.
ANY = Position("", -1)


class Journal(Protocol):
    """Interface of an engine."""

    async def open(self) -> None:
        """Open the journal. Raises ConfigurationError if its storage cannot be used (locked by another process, read-only)."""

    async def run(self) -> None:
        """Store appended entries, until cancelled. The caller supervises this task."""

    async def close(self) -> None:
        """Store pending entries and release all resources."""

    def head(self, partition: str) -> Position:
        """Return the position of the newest entry, as far as this process knows."""

    async def attach(self, partition: str) -> Position:
        """Return the position of the newest entry in the store; wait until the store answers."""

    def size_bytes(self) -> int:
        """Return the payload bytes kept now, over all partitions."""

    def fault(self) -> str:
        """Return what fails and why, for example "cannot store: disk full"; empty when the last store and the last read succeeded."""

    async def append(self, partition: str, payload: bytes, *, request_id: str = "") -> Position:
        """Store one entry and return its position once it is stored.

        If an entry with this ``request_id`` is stored already, return its position and store nothing. Raises Overloaded when the
        bounded buffer of waiting entries is full, Unavailable when the store refuses. Cancelling does not withdraw an entry.
        """

    def follow(self, partition: str, after: Position) -> AsyncIterator[Gap | list[Entry]]:
        """Iterate over all entries after ``after``, in order and in batches; wait for new entries without end."""

    async def save_checkpoint(
        self,
        partition: str,
        position: Position,
        records: AsyncIterator[list[tuple[str, bytes | None]]],
        *,
        whole: bool = False,
        base: Position | None = ANY,
    ) -> None:
        """Replace the stored checkpoint's position and the given records (None: remove), atomically, also while others are stored.

        ``whole``: True if ``records`` are all records; all other stored records are then removed. ``base``: the position that the
        stored checkpoint must have (None: there must be no checkpoint); raises Conflict otherwise.
        """

    async def checkpoint_position(self, partition: str) -> Position | None:
        """Return the position of the stored checkpoint; None if there is no checkpoint. Raises Unavailable."""

    async def load_checkpoint(self, partition: str) -> Checkpoint | None:
        """Return the stored checkpoint; None if there is no checkpoint. Raises Unavailable (try again) or Invalid (it is damaged)."""

    async def hold(self, name: str, for_s: float) -> bool:
        """Acquire or renew the lease ``name`` for ``for_s`` seconds; return False if another process has it or the store fails."""
