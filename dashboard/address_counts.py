"""Count of something by network address, over all processes of a machine that share a piece of memory.

Each process writes a column of its own and reads all of them, so no lock is needed, and the count of a process that was killed is
cleared with its column.  Networks share a cell by a keyed hash: a rare collision counts two as one, and nobody can choose whose.
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
    """Table of counts. ``column`` is this process' own. ``memory`` begins with the key of the hash."""

    def __init__(self, memory: mmap.mmap | bytearray, column: int, columns: int) -> None:
        view = memoryview(memory)
        self._key = bytes(view[:_KEY_BYTES])
        self._cells = view[_KEY_BYTES:].cast("I")
        self._column = column
        self._columns = columns

    @classmethod
    def alone(cls) -> AddressCounts:
        """Return the table of a process that shares with no other."""
        return cls(bytearray(os.urandom(_KEY_BYTES) + bytes(_CELLS * _CELL_BYTES)), 0, 1)

    @classmethod
    def shared(cls, descriptor: int, column: int, columns: int) -> AddressCounts:
        """Return the table in a file that ``make_shared`` has made."""
        return cls(mmap.mmap(descriptor, 0), column, columns)

    def take(self, network: str, most: int) -> bool:
        """Count one more; return False, and count nothing, if all processes together would have more than ``most``."""
        cell = self._cell(network)
        self._cells[cell + self._column] += 1  # first, so that two processes cannot both take the last place
        if self.total(network) <= most:
            return True
        self._cells[cell + self._column] -= 1
        return False

    def give_back(self, network: str) -> None:
        """Count one less."""
        self._cells[self._cell(network) + self._column] -= 1

    def total(self, network: str) -> int:
        """Return the count of all processes."""
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
    """Place of one connection. It counts for ``network`` until it is released."""

    __slots__ = ("_counts", "_network")

    def __init__(self, counts: AddressCounts | None = None, network: str = "") -> None:
        self._counts = counts
        self._network = network

    def release(self) -> None:
        """Count it no longer for its network, because the connection has ended, never began, or has a user now."""
        if self._counts is not None:
            self._counts.give_back(self._network)
            self._counts = None


def make_shared(columns: int) -> int:
    """Create an anonymous file for a table of so many processes; return its descriptor."""
    with tempfile.TemporaryFile() as file:
        file.write(os.urandom(_KEY_BYTES))
        file.truncate(_KEY_BYTES + _CELLS * _CELL_BYTES * columns)
        file.flush()
        return os.dup(file.fileno())
