"""How much of the journal's time has passed, as the entries of ``signals`` tell: the same on every process. Pure."""

from __future__ import annotations

from dashboard.domain.node import BEAT_S

#: Between entries that this process heard as they came never lies more, for it beats itself.
_STOOD_MS = 1_500 * BEAT_S


class SignalTime:
    """``passed_ms`` never falls, whatever steps the journal's clock took."""

    def __init__(self) -> None:
        self.passed_ms = 0
        self._entry_ms = 0

    def advance(self, t_ms: int, *, attended: bool = False) -> int:
        """Take over the time of the next entry; return how much has passed.

        ``attended``: this entry and the one before were heard as they came.  A long pause between them then means that this
        process stood still, or that the clock was set: it counts as nobody's silence.
        """
        step_ms = max(0, t_ms - self._entry_ms) if self._entry_ms else 0
        if not attended or step_ms <= _STOOD_MS:
            self.passed_ms += step_ms
        self._entry_ms = t_ms
        return self.passed_ms
