"""Quick mutation of bytes for fuzz tests: deterministic, a few microseconds an input."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def mutate(random: Random, data: bytes, pieces: Sequence[bytes]) -> bytes:
    """Make one to four small changes: flip, cut, repeat, insert a piece, replace a piece by another."""
    for _ in range(1 + random.getrandbits(2)):
        choice, at = random.getrandbits(3), int(random.random() * (len(data) + 1))
        if choice == 0 and data:
            at %= len(data)
            data = data[:at] + bytes([data[at] ^ 1 << random.getrandbits(3)]) + data[at + 1 :]
        elif choice == 1:
            data = data[:at]
        elif choice == 2:
            data = data[:at] + data[at + random.getrandbits(4) :]
        elif choice == 3:
            data = data[:at] + bytes([random.getrandbits(8)]) + data[at:]
        elif choice == 4:
            data = data[:at] + data[max(0, at - random.getrandbits(5)) :]
        else:
            data = data[:at] + pieces[int(random.random() * len(pieces))] + data[at + random.getrandbits(2) :]
    return data
