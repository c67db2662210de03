"""Choice of the times and the victims of faults, from a seed that is printed, so that a failing run can be repeated.

``NEMESIS_SEED=12345 pytest …`` repeats a run; ``NIGHTLY=1`` asks for the long counts.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def nightly() -> bool:
    """Return whether the long form was asked for."""
    return os.environ.get("NIGHTLY") == "1"


def runs(ci: int, long: int) -> int:
    """Return how often a fault is made."""
    return long if nightly() else ci


class Nemesis:
    """Source of random choices. ``chance``: the generator for everything random in a scene."""

    def __init__(self, seed: int | None = None) -> None:
        given = os.environ.get("NEMESIS_SEED")
        self.seed = seed if seed is not None else int(given) if given else random.SystemRandom().getrandbits(32)
        self.chance = random.Random(self.seed)
        print(f"nemesis seed {self.seed}", flush=True)

    def wait(self, least_s: float, most_s: float) -> float:
        """Wait for a random time."""
        pause_s = self.chance.uniform(least_s, most_s)
        time.sleep(pause_s)
        return pause_s

    def choose(self, among: Sequence[T]) -> T:
        """Choose a victim."""
        return self.chance.choice(among)
