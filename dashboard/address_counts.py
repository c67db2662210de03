"""Counts by network address, over all processes of a machine that share a piece of memory.

Each process writes only its own column and reads all columns, so no lock is needed.  Clearing the column of a killed process removes
its counts.  A keyed hash maps a network to a cell: a rare collision counts two networks as one, and no client can choose which two.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile

_CELLS = 16_384
_KEY_BYTES = 16
_CELL_BYTES = 4


class AddressCounts:
    """Table of counts with ``columns`` columns. ``column``: the index of this process' column. ``memory`` begins with
    the key of the hash."""

    def __init__(self, memory: mmap.mmap | bytearray, column: int, columns: int) -> None:
        view = memoryview(memory)
        self._key = bytes(view[:_KEY_BYTES])
        self._cells = view[_KEY_BYTES:].cast("I")
        self._column = column
        self._columns = columns

    @classmethod
    def alone(cls) -> AddressCounts:
        """Return a table that no other process shares."""
        return cls(bytearray(os.urandom(_KEY_BYTES) + bytes(_CELLS * _CELL_BYTES)), 0, 1)

    @classmethod
    def shared(cls, descriptor: int, column: int, columns: int) -> AddressCounts:
        """Return the table in the file ``descriptor`` that ``make_shared`` has made, for the process with ``column``."""
        return cls(mmap.mmap(descriptor, 0), column, columns)

    def take(self, network: str, most: int) -> bool:
        """Add 1 to the count of a network; return False, and add nothing, if the total of all processes would exceed ``most``."""
        cell = self._cell(network)
        self._cells[cell + self._column] += 1  # before the check, so that two processes cannot both take the last place
        if self.total(network) <= most:
            return True
        self._cells[cell + self._column] -= 1
        return False

    def give_back(self, network: str) -> None:
        """Subtract 1 from the count of a network."""
        self._cells[self._cell(network) + self._column] -= 1

    def total(self, network: str) -> int:
        """Return a network's count over all processes."""
        cell = self._cell(network)
        return sum(self._cells[cell : cell + self._columns])

    def clear(self, column: int) -> None:
        """Forget the counts of a process that has ended."""
        for cell in range(column, len(self._cells), self._columns):
            self._cells[cell] = 0

    def _cell(self, network: str) -> int:
        found = hashlib.blake2b(network.encode("utf-8", "replace"), digest_size=4, key=self._key).digest()
        return int.from_bytes(found, "big") % _CELLS * self._columns


class Place:
    """Place of one connection, which counts for ``network`` until the place is released."""

    __slots__ = ("_counts", "_network")

    def __init__(self, counts: AddressCounts | None = None, network: str = "") -> None:
        self._counts = counts
        self._network = network

    def release(self) -> None:
        """Release the place, because the connection has ended, was never opened, or belongs to a user now."""
        if self._counts is not None:
            self._counts.give_back(self._network)
            self._counts = None


def make_shared(columns: int) -> int:
    """Create an anonymous file for a table with a column for each process; return its descriptor."""
    with tempfile.TemporaryFile() as file:
        file.write(os.urandom(_KEY_BYTES))
        file.truncate(_KEY_BYTES + _CELLS * _CELL_BYTES * columns)
        file.flush()
        return os.dup(file.fileno())
