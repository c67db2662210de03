"""Passed time of the journal, as the entries of ``signals`` show it: the same on every process. Pure."""

from __future__ import annotations

from dashboard.domain.node import BEAT_S

#: Longest pause between two entries that a running process receives, because it sends a heartbeat itself.
_STOOD_MS = 1_500 * BEAT_S


class SignalTime:
    """Journal time that has passed since the first signal read, in milliseconds. ``passed_ms`` never falls, even if the
    journal's clock steps back."""

    def __init__(self) -> None:
        self.passed_ms = 0
        self._entry_ms = 0

    def advance(self, t_ms: int, *, attended: bool = False) -> int:
        """Take the time of the next entry; return how much time has passed.

        ``attended``: True if this process received this entry and the entry before as soon as they were stored. A long
        pause between the two then comes from a suspended process or a clock that was set; it does not count as silence
        of the nodes.
        """
        step_ms = max(0, t_ms - self._entry_ms) if self._entry_ms else 0
        if not attended or step_ms <= _STOOD_MS:
            self.passed_ms += step_ms
        self._entry_ms = t_ms
        return self.passed_ms
