"""An event loop whose clock is moved: where another loop waits for a timer, this loop moves its clock to the timer's time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Impatient(selectors.DefaultSelector):
    """Selector that moves the clock instead of waiting."""

    moved_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("the loop would wait for ever")
        self.moved_s += max(0.0, timeout)
        return super().select(0)


class MovedLoop(asyncio.SelectorEventLoop):
    """Loop whose ``time`` begins at 100 s. A timer is never late unless the test moves the clock. ``passes``: turns so far."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)
        self.passes = 0

    def time(self) -> float:
        return 100.0 + self._impatient.moved_s

    def _run_once(self) -> None:
        self.passes += 1
        super()._run_once()  # type: ignore[misc]  # the one hook into a turn


def run_moved(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop whose clock is moved."""
    with asyncio.Runner(loop_factory=MovedLoop) as runner:
        return runner.run(main)
